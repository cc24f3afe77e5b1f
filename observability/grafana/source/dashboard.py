"""A dashboard around its panels: variables, annotations, links, places."""

import json
from urllib.parse import quote

from panel import COLUMNS, DATASOURCE, written_out

# The places that dashboards in a row of their own begin at; Grafana 11 and 12 both read it.
SCHEMA = 39
TITLES = {
    "fleet": "Fleet",
    "hand-over": "Hand-over",
    "shard": "Shard",
    "lanes": "Lanes and consumers",
    "valkey": "Valkey",
    "instance": "Instance",
    "discord": "Discord",
}


def variable(name, label, query, is_one=False):
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": DATASOURCE,
        "definition": query,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 3,
        "multi": not is_one,
        "includeAll": not is_one,
        **({} if is_one else {"allValue": ".*", "current": {"text": "All", "value": "$__all"}}),
    }


JOB = variable("job", "Fleet", "label_values(baton_build_info, job)", is_one=True)
APP = variable("app", "App", 'label_values(baton_fleet_shards_expected{job="$job"}, app)')
INSTANCE = variable("instance", "Instance", 'label_values(baton_build_info{job="$job"}, instance)')


def datasource():
    return {
        "type": "datasource",
        "name": "datasource",
        "label": "Data source",
        "query": "prometheus",
        "current": {"text": "Prometheus", "value": "prometheus"},
    }


def annotation(name, colour, query, title):
    return {
        "name": name,
        "enable": True,
        "iconColor": colour,
        "datasource": DATASOURCE,
        "expr": written_out(query),
        "step": "15s",
        "titleFormat": title,
        "useValueForTime": False,
    }


DRAINS = annotation(
    "Drains", "orange", 'max by (instance) (baton_phase{@job, phase="draining"}) == 1',
    "{{instance}} drains",
)
DEPLOYS = annotation(
    "Deploys", "blue",
    """max by (version) (baton_build_info{@job})
    unless on (version) max by (version) (baton_build_info{@job} offset 2m)""",
    "Baton {{version}}",
)


def explore(title, source, kind, query):
    """A link to everything that was logged or traced in the time that is shown."""
    pane = {
        "datasource": source,
        "queries": [{"refId": "A", "datasource": {"type": source, "uid": source}, **query}],
    }
    panes = quote(json.dumps({"baton": pane}, separators=(",", ":")))
    return link(title, "link", url=f"/explore?schemaVersion=1&panes={panes}", icon=kind)


def link(title, kind, **more):
    return {"title": title, "type": kind, "keepTime": True, "targetBlank": False, **more}


LINKS = [
    link("Baton", "dashboards", tags=["baton"], asDropdown=True, includeVars=True),
    explore("Logs", "loki", "doc", {"expr": '{service_name=~"baton.*"}'}),
    explore("Traces", "tempo", "bolt",
            {"queryType": "traceql", "query": '{resource.service.name=~"baton.*"}'}),
]


def dashboard(name, description, rows, *variables):
    """`rows` are pairs of a heading and its panels, which fill lines from the left."""
    return {
        "uid": f"baton-{name}",
        "title": f"Baton / {TITLES[name]}",
        "description": description,
        "tags": ["baton"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "links": LINKS,
        "annotations": {"list": [DRAINS, DEPLOYS]},
        "templating": {"list": [datasource(), JOB, APP, INSTANCE, *variables]},
        "panels": placed(rows),
    }


def placed(rows):
    panels, y = [], 0
    for heading, members in rows:
        panels.append({
            "type": "row", "title": heading, "collapsed": False, "panels": [],
            "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1},
        })
        y += 1
        x = height = 0
        for one in members:
            place = one["gridPos"]
            if x + place["w"] > COLUMNS:
                x, y, height = 0, y + height, 0
            place.update({"x": x, "y": y})
            x, height = x + place["w"], max(height, place["h"])
            panels.append(one)
        y += height
    for number, one in enumerate(panels, 1):
        one["id"] = number
    return panels
