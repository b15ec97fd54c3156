"""How well journals are kept: facts, cells, figures, remarks; and what came day by day."""
