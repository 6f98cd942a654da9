from dataclasses import replace

from lambdabot.report import charts
from lambdabot.report.document import document
from lambdabot.report.table import rows
from tests.unit.report import runs


def points_of(run):
    return charts.points(rows(document(run).functions[0]))


def test_every_measured_line_is_a_point_with_its_interval():
    points = points_of(runs.regression())

    assert len(points) == 11
    assert [(one["side"], one["memory"], one["architecture"]) for one in points][:2] == [
        ("base", 512, "x86_64"),
        ("head", 128, "x86_64"),
    ]
    assert all(one["low"] < one["cost"] < one["high"] and one["mean"] < one["p95"] for one in points)
    assert [one["name"] for one in points if one["label"]] == ["512 target branch", "512 today", "1024 recommended"]


def test_what_was_not_measured_is_no_point():
    assert [one["memory"] for one in points_of(runs.failed_rows())] == [512, 512, 1024, 1769]


def test_a_figure_that_there_is_not_stays_empty():
    bare = replace(runs.measured(runs.at(512), 100.0), p95_duration_ms=None, mean_init_ms=None)
    (point,) = points_of(runs.run(runs.result(measurements=(bare,))))

    assert point["p95"] is None
    assert point["init"] is None


def test_the_front_is_what_nothing_beats_in_both():
    measurements = (
        runs.measured(runs.at(512), 1.0, side=runs.BASE),
        runs.measured(runs.at(1769), 100.0),  # the fastest
        runs.measured(runs.at(1024), 150.0),  # cheaper
        runs.measured(runs.at(512), 400.0),  # beaten by 1024 MB in both
        runs.measured(runs.at(128), 900.0),  # the cheapest
    )
    front = [one["memory"] for one in points_of(runs.run(runs.result(measurements=measurements))) if one.get("front")]

    assert sorted(front) == [128, 1024, 1769]


def test_what_is_estimated_is_never_on_the_front():
    points = points_of(runs.local())

    assert [one["memory"] for one in points if one["estimated"]] == [512, 1024, 1769]
    assert not any(one["estimated"] for one in points if one.get("front"))


def test_each_chart_names_the_data_that_the_page_gives():
    names = {layer["data"]["name"] for spec in charts.specs().values() for layer in spec["layer"]}

    assert names == {"points", "samples"}
