"""How panels are written down, and what Grafana wants to read.

A query says `@job`, `@app` or `@instance` for the matchers of these variables, which keeps it short
and no panel forgets one.
"""

MATCHERS = {
    "@job": 'job="$job"',
    "@app": 'job="$job", app=~"$app"',
    "@instance": 'job="$job", instance=~"$instance"',
    "@both": 'job="$job", app=~"$app", instance=~"$instance"',
    "@valkey": 'instance=~"$valkey"',
    "@consumer": 'job=~"$consumer"',
    "@archiver": 'job=~"$archiver"',
}
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24


def written_out(query):
    """The query as Grafana gets it."""
    for word, matchers in MATCHERS.items():
        query = query.replace(word, matchers)
    return " ".join(query.split())


def target(query, legend, number=0, **more):
    return {
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": written_out(query),
        "legendFormat": legend,
        "range": True,
        "refId": chr(ord("A") + number),
        **more,
    }


def panel(kind, title, description, unit, queries, width, height, red_from=None, red_below=None):
    """`queries` are pairs of a query and its legend. Red begins only where somebody has to act."""
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "gridPos": {"w": width, "h": height},
        "targets": [target(*query, number) for number, query in enumerate(queries)],
        "fieldConfig": {
            "defaults": {"unit": unit, "thresholds": thresholds(red_from, red_below)},
            "overrides": [],
        },
        "options": {},
    }


def thresholds(red_from, red_below):
    steps = [{"color": "green", "value": None}]
    if red_from is not None:
        steps.append({"color": "red", "value": red_from})
    if red_below is not None:
        steps = [{"color": "red", "value": None}, {"color": "green", "value": red_below}]
    return {"mode": "absolute", "steps": steps}


def stat(title, description, unit, query, width=3, **more):
    one = panel("stat", title, description, unit, [(query, "__auto")], width, 4, **more)
    one["options"] = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "area",
    }
    return one


def graph(title, description, unit, *queries, width=8, stacked=False, **more):
    one = panel("timeseries", title, description, unit, queries, width, 8, **more)
    has_threshold = len(one["fieldConfig"]["defaults"]["thresholds"]["steps"]) > 1
    one["fieldConfig"]["defaults"]["custom"] = {
        "fillOpacity": 20 if stacked else 0,
        "showPoints": "never",
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "line" if has_threshold else "off"},
    }
    one["options"] = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return one


def heatmap(title, description, unit, query, width=12):
    one = panel("heatmap", title, description, unit, [(query, "{{le}}")], width, 8)
    one["targets"][0]["format"] = "heatmap"
    one["options"] = {"calculate": False, "yAxis": {"unit": unit}, "cellGap": 1}
    return one


def timeline(title, description, query, legend, width=24, height=8):
    one = panel("state-timeline", title, description, "none", [(query, legend)], width, height)
    one["options"] = {"mergeValues": True, "showValue": "never", "rowHeight": 0.8}
    return one


def table(title, description, query, width=12):
    one = panel("table", title, description, "none", [(query, "__auto")], width, 8)
    one["targets"][0].update({"format": "table", "instant": True, "range": False})
    return one


def quantiles(metric, by, at=(0.5, 0.99)):
    """Queries for quantiles of a histogram whose name is given with its matchers."""
    name, matchers = metric.split("{")
    labels = ", ".join([*by, "le"])
    rate = f"sum by ({labels}) (rate({name}_bucket{{{matchers}[$__rate_interval]))"
    legend = " ".join("{{" + label + "}}" for label in by)
    return [(f"histogram_quantile({q}, {rate})", f"{legend} p{q * 100:g}".strip()) for q in at]
