"""Figures of rounds: medians, spans, ratios made round by round, and the table."""

import statistics


class Figures:
    """Every single figure by name, one a round, and what was made of them."""

    def __init__(self):
        self.rounds = {}
        self.rows = []
        self.notes = []

    def add(self, name, value):
        self.rounds.setdefault(name, []).append(value)

    def median(self, name):
        return statistics.median(self.rounds[name])

    def row(self, name, unit, digits=2):
        """A figure of its own."""
        values = self.rounds.get(name)
        if not values:
            return
        self._keep(name, values, unit, None, digits)

    def ratio(self, name, above, below, goal=None, at_least=False):
        """The median of the rounds' ratios, and whether it keeps a goal."""
        pairs = zip(self.rounds.get(above, []), self.rounds.get(below, []))
        values = [a / b for a, b in pairs if b]
        if not values:
            self.rows.append({"name": name, "missing": True, "goal": goal})
            return
        self.rounds["ratio: " + name] = values
        self._keep(name, values, "×", goal, 2, at_least)

    def _keep(self, name, values, unit, goal, digits, at_least=False):
        median = statistics.median(values)
        row = {"name": name, "unit": unit, "median": round(median, 6), "min": round(min(values), 6),
               "max": round(max(values), 6), "rounds": len(values), "digits": digits}
        if goal is not None:
            row["goal"] = goal
            row["atLeast"] = at_least
            row["holds"] = median >= goal if at_least else median <= goal
        self.rows.append(row)

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    def table(self):
        lines = [f"{'':58} {'median':>10} {'min':>10} {'max':>10}  goal"]
        for row in self.rows:
            if row.get("missing"):
                lines.append(f"{row['name']:58} {'not measured':>10}")
                continue
            numbers = " ".join(f"{row[key]:>10.{row['digits']}f}" for key in ("median", "min", "max"))
            goal = ""
            if "goal" in row:
                sign = "≥" if row["atLeast"] else "≤"
                goal = f"{sign} {row['goal']:.2f} {'holds' if row['holds'] else 'MISSED'}"
            lines.append(f"{row['name'] + ', ' + row['unit']:58} {numbers}  {goal}")
        return "\n".join(lines + ["note: " + note for note in self.notes])
