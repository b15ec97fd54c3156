"""From a figure, a counter, a count or a card to its rows, and the lines they were read from."""
