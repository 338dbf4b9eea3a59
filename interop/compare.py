"""Compares a client's manifest with what the API says: equal in every value, its type included."""

import datetime

KINDS = {1: "INTERNAL", 2: "SERVER", 3: "CLIENT", 4: "PRODUCER", 5: "CONSUMER"}
STATUS = {0: "UNSET", 1: "OK", 2: "ERROR"}
TEMPORALITY = {None: None, 1: "DELTA", 2: "CUMULATIVE"}
ROWS = 1000
POINT_FIELDS = ("value", "count", "sum", "min", "max", "bounds", "bucket_counts")


def compare(manifest, get):
    """All differences, one line each. `get(path, **query)` reads from the API."""
    differences = []
    traces = sorted({span["trace_id"] for span in manifest["spans"]})
    contexts = {trace: get(f"traces/{trace}") for trace in traces}
    sent = [expected_span(span, manifest) for span in manifest["spans"]]
    stored = [actual_span(span) for context in contexts.values() for span in context["spans"]]
    differences += match("span", "span_id", sent, stored)

    sent = [expected_log(log, manifest) for log in manifest["logs"]]
    stored = map(actual_log, get("logs", service=manifest["service"], limit=ROWS))
    differences += match("log", "key", sent, stored)
    correlated = sum(len(context["logs"]) for context in contexts.values())
    expected = sum(1 for log in manifest["logs"] if log["trace_id"] in contexts)
    if correlated != expected or not expected:
        differences.append(f"{expected} logs were sent within the traces, {correlated} are found with them")

    for metric in manifest["metrics"]:
        points = get("points", name=metric["name"], service=manifest["service"], limit=ROWS)
        # An SDK reports cumulative points again when it is shut down: what counts is what they say.
        differences += match("point", "key", expected_points(metric, manifest), distinct(map(actual_point, points)))
    return differences


def match(what, key, expected, actual):
    """Pairs by key and compares field by field."""
    expected, actual = ({show(item[key]): item for item in items} for items in (list(expected), list(actual)))
    differences = [f"{what} {name} is missing" for name in expected.keys() - actual.keys()]
    differences += [f"{what} {name} was never sent" for name in actual.keys() - expected.keys()]
    for name in expected.keys() & actual.keys():
        for field, value in expected[name].items():
            if show(value) != show(actual[name].get(field)):
                differences.append(f"{what} {name}: {field}: sent {show(value)}, read {show(actual[name].get(field))}")
    return differences


def show(value):
    """A text that tells 1 from 1.0 and True, with keys in order."""
    if isinstance(value, dict):
        if set(value) == {"$double"}:
            return "double " + str(float(value["$double"].replace("Infinity", "inf")))
        return "{" + ", ".join(f"{key!r}: {show(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(show, value)) + "]"
    if isinstance(value, float):
        return f"double {value}"
    return repr(value)


def nanos(time):
    """RFC 3339 with nanoseconds as a string of nanoseconds since 1970."""
    seconds, fraction = time.removesuffix("Z").split(".")
    moment = datetime.datetime.fromisoformat(seconds).replace(tzinfo=datetime.timezone.utc)
    return str(int(moment.timestamp()) * 10**9 + int(fraction.ljust(9, "0")))


def origin(manifest):
    return {"service": manifest["service"], "resource": manifest["resource"], "scope": manifest["scope"]}


def actual_origin(item):
    scope = {"name": item["scope"]["name"], "version": item["scope"]["version"]}
    return {"service": item["service"], "resource": item["resource"]["attributes"], "scope": scope}


def expected_span(span, manifest):
    names = {"kind": KINDS[span["kind"]], "status": STATUS[span["status"]], "operation": span["name"]}
    return span | origin(manifest) | names


def actual_span(span):
    events = [
        {"name": event["name"], "time": str(event["time"]), "attributes": event.get("attributes") or {}}
        for event in span["events"]
    ]
    links = [
        {"trace_id": link["trace_id"], "span_id": link["span_id"], "attributes": link.get("attributes") or {}}
        for link in span["links"]
    ]
    times = {"start_time": nanos(span["start_time"]), "end_time": nanos(span["end_time"])}
    return span | actual_origin(span) | times | {"events": events, "links": links}


def expected_log(log, manifest):
    text = isinstance(log["body"], str)
    body = {"message": log["body"]} if text else {"body": log["body"]}
    rest = {key: value for key, value in log.items() if key not in ("body", "time")}
    return rest | body | origin(manifest) | {"timestamp": log["time"], "key": [log["time"], log["severity_number"]]}


def actual_log(log):
    time = nanos(log["timestamp"])
    return log | actual_origin(log) | {"timestamp": time, "key": [time, log["severity_number"]]}


def expected_points(metric, manifest):
    of_metric = {key: metric[key] for key in ("name", "unit", "description", "monotonic")}
    of_metric |= {"type": metric["kind"], "temporality": TEMPORALITY[metric["temporality"]]}
    for point in metric["points"]:
        values = {field: doubled(field, point[field]) for field in POINT_FIELDS if field in point}
        yield of_metric | values | origin(manifest) | {
            "attributes": point["attributes"],
            "key": [metric["name"], point["attributes"], values],
        }


def actual_point(point):
    values = {field: doubled(field, point[field]) for field in POINT_FIELDS if point.get(field) is not None}
    return point | actual_origin(point) | {"key": [point["name"], point["attributes"], values]}


def doubled(field, value):
    """OTLP has these as doubles whatever a language prints."""
    if field in ("sum", "min", "max"):
        return float(value)
    return [float(bound) for bound in value] if field == "bounds" else value


def distinct(points):
    return {show(point["key"]): point for point in points}.values()
