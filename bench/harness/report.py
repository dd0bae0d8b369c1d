"""The table and the targets, as Markdown that reads well in a terminal too."""

from .tools import DATABASE, JSONL

STAGING_TITLE = "extract and transform, to compressed JSON Lines"
DATABASE_TITLE = "the whole run, into a database"

# Above this share of the processors' time taken by others, a time says as much of them as of the tool.
DISTURBED = 0.1


def table(rows, job):
    """One table per job and all sizes, ratios against ours of the same size."""
    lines = [["invoices", "tool", "records/s", "ours is", "seconds", "CPU s", "peak MB", "on disk / input", ""]]
    for row in (row for row in rows if row.job == job):
        ours = next((other for other in rows if other.ours and other.job == job and usable(other, row)), None)
        lines.append(cells(row, ours))
    return markdown(lines)


def usable(ours, row):
    return ours.invoices == row.invoices and ours.measured


def cells(row, ours):
    name = f"**{row.tool}**" if row.ours else row.tool
    if row.failed:
        return [grouped(row.invoices), name, "failed", "", "", "", "", "", row.note]
    ratio = f"{ours.rate / row.rate:.2f} x" if ours and row.rate and not row.ours else ""
    if row.extrapolated:
        return [grouped(row.invoices), name, grouped(row.rate), ratio, f"({row.seconds:.0f})", "", "", "", row.note]
    if not row.seconds:
        return [grouped(row.invoices), name, "-", "", "", "", "", "", row.note]
    disk = f"{row.disk_bytes / row.input_bytes:.0%}"
    numbers = [f"{row.seconds:.2f}", f"{row.cpu_s:.2f}", f"{row.peak_mb:.0f}", disk]
    notes = [f"others took {row.others:.0%} of the machine"] if row.others > DISTURBED else []
    notes += [row.note] if row.note else []
    return [grouped(row.invoices), name, grouped(row.rate), ratio, *numbers, "; ".join(notes)]


def grouped(number):
    return f"{round(number):,}"


def markdown(lines):
    widths = [max(3, *(len(line[place]) for line in lines)) for place in range(len(lines[0]))]
    shown = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines]
    shown.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(shown)


def stage_seconds(told):
    """(name, seconds) of each stage from what the command printed: a list of objects or an object by name."""
    entries = told.items() if isinstance(told, dict) else [(None, entry) for entry in told or []]
    for name, entry in entries:
        name = name or entry.get("stage") or entry.get("name")
        seconds = entry.get("seconds") if isinstance(entry, dict) else entry
        if name and isinstance(seconds, (int, float, str)):
            yield name, float(seconds)


def stages(rows):
    """What ours says of its own stages, a line per run."""
    lines = []
    for row in (row for row in rows if row.ours and row.stages):
        parts = [f"{name} {seconds:.2f} s" for name, seconds in stage_seconds(row.stages)]
        if parts:
            lines.append(f"- {grouped(row.invoices)} invoices, {row.tool}: {', '.join(parts)}")
    return lines


def targets(rows):
    """What was to be reached, what was measured, and whether the one reaches the other; nothing without ours."""
    lines = []
    for invoices in sorted({row.invoices for row in rows}):
        of_size = [row for row in rows if row.invoices == invoices and not row.failed and row.seconds]
        lines += speed_targets(of_size, invoices)
        lines += size_targets(of_size, invoices)
    lines += growth_targets(rows)
    return lines


def speed_targets(rows, invoices):
    wanted = [
        (JSONL, "dlt rows", 10, "at least 10 x dlt to .jsonl.gz"),
        (JSONL, "dlt arrow", 10, "at least 10 x dlt to .jsonl.gz, fed with Arrow tables"),
        (JSONL, "polars", 1, "not below polars to .jsonl.gz"),
        (DATABASE, "dlt rows", 5, "whole run at least 5 x dlt into DuckDB"),
        (DATABASE, "dlt arrow", 5, "whole run at least 5 x dlt into DuckDB, fed with Arrow tables"),
    ]
    lines = []
    for job, tool, factor, text in wanted:
        ours = next((row for row in rows if row.ours and row.job == job), None)
        peers = [row for row in rows if not row.ours and row.job == job and row.tool.startswith(tool)]
        if ours and peers:
            best = max(peers, key=lambda row: row.rate)
            ratio = ours.rate / best.rate
            note = " (extrapolated)" if best.extrapolated else ""
            lines.append(verdict(invoices, f"{text}: {ratio:.2f} x{note}", ratio >= factor))
    return lines


def size_targets(rows, invoices):
    lines = []
    for row in (row for row in rows if row.ours):
        text = f"{row.tool}: peak memory under 128 MB: {row.peak_mb:.0f} MB"
        lines.append(verdict(invoices, text, row.peak_mb < 128))
        if row.job == JSONL:
            share = row.disk_bytes / row.input_bytes
            lines.append(verdict(invoices, f"staging at most half of the input: {share:.0%}", share <= 0.5))
    return lines


def growth_targets(rows):
    """Linear growth: a record of larger books costs at most 15 % more than one of the next smaller books."""
    lines = []
    for job in (JSONL, DATABASE):
        ours = sorted((row for row in rows if row.ours and row.job == job and row.measured), key=lambda row: row.invoices)
        for small, large in zip(ours, ours[1:]):
            growth = small.rate / large.rate
            text = f"{large.tool}: time per record against {grouped(small.invoices)} invoices: {growth:.2f} x"
            lines.append(verdict(large.invoices, text, growth <= 1.15))
    return lines


def verdict(invoices, text, met):
    return f"- {'target met' if met else 'target NOT met'} | {grouped(invoices)} invoices | {text}"


def whole(rows):
    parts = []
    for job, title in ((JSONL, STAGING_TITLE), (DATABASE, DATABASE_TITLE)):
        if any(row.job == job for row in rows):
            parts.append(f"{title[0].upper()}{title[1:]}:\n\n{table(rows, job)}")
    told = stages(rows)
    parts += ["Stages:\n\n" + "\n".join(told)] if told else []
    judged = targets(rows)
    parts.append("Targets:\n\n" + "\n".join(judged) if judged else "Targets: not judged, ours was not measured.")
    return "\n\n".join(parts)
