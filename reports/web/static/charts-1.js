// Draws the tables marked with data-chart as lines; each table stays on the page, folded.
// A table's first column holds the points of the horizontal axis, every other one is a line; what
// a cell is worth stands in its data-value, in per cent. Nothing is fetched.
"use strict";

(() => {
  const COLOURS = ["#1f5a94", "#b42318", "#14532d", "#8a3fa0", "#b7791f", "#0f766e", "#9d174d", "#3b4252", "#5b7fa6"];
  const SYMBOLS = ["circle", "rect", "triangle", "diamond", "roundRect", "arrow", "pin", "circle", "rect"];
  const AT_FIRST = 4; // lines that are shown before anybody asks for others
  const per_cent = (value) => (value === null || value === undefined ? "—" : `${value.toFixed(1).replace(".", ",")} %`);

  const read = (table) => {
    const titles = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim());
    const rows = [...table.tBodies[0].rows];
    const points = rows.map((row) => row.cells[0].textContent.trim());
    const lines = titles.map((name, column) => ({
      name,
      values: rows.map((row) => {
        const value = row.cells[column + 1].dataset.value;
        return value === undefined ? null : Number(value);
      }),
    }));
    return { points, lines: lines.filter((line) => line.values.some((value) => value !== null)) };
  };

  const option = ({ points, lines }) => {
    const least = Math.min(...lines.flatMap((line) => line.values.filter((value) => value !== null)));
    return {
      animation: false,
      color: COLOURS,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 8, right: 8, top: 16, bottom: 44, containLabel: true },
      legend: {
        type: "scroll",
        bottom: 0,
        data: lines.map((line) => line.name),
        selected: Object.fromEntries(lines.map((line, number) => [line.name, number < AT_FIRST])),
      },
      tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: per_cent },
      xAxis: { type: "category", data: points, axisLabel: { hideOverlap: true } },
      yAxis: {
        type: "value",
        min: Math.max(0, Math.floor((least - 5) / 10) * 10),
        max: 100,
        axisLabel: { formatter: "{value} %" },
      },
      series: lines.map((line, number) => ({
        type: "line",
        name: line.name,
        data: line.values,
        symbol: SYMBOLS[number % SYMBOLS.length],
        symbolSize: 8,
      })),
    };
  };

  const draw = (table) => {
    const told = read(table);
    if (told.lines.length === 0) {
      return;
    }
    const place = document.createElement("div");
    place.className = "chart";
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", `График: ${told.lines.map((line) => line.name).join(", ")}. Числа — в таблице ниже.`);
    const folded = document.createElement("details");
    const summary = document.createElement("summary");
    summary.textContent = "Таблицей";
    const holder = table.closest(".scroll") ?? table;
    holder.replaceWith(place, folded);
    folded.append(summary, holder);
    const chart = echarts.init(place, null, { renderer: "canvas" });
    chart.setOption(option(told));
    new ResizeObserver(() => chart.resize()).observe(place);
  };

  document.querySelectorAll('table[data-chart="line"]').forEach(draw);
})();
