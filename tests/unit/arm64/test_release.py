"""Names, tags and Pythons, against the packaging authority's own implementation."""

from hypothesis import given
from hypothesis import strategies as st
from packaging import tags
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from lambdabot.arm64.indexes.release import File, accepts_python, expanded, parse_filename, rank
from lambdabot.arm64.target import Target, platforms
from lambdabot.model import Architecture
from lambdabot.model.runtimes import PYTHON_RUNTIMES

PYTHONS = st.sampled_from(
    ["cp39", "cp311", "cp312", "cp313", "py3", "py2.py3", "py312", "pp310", "cp313t", "cp312.cp313"]
)
ABIS = st.sampled_from(["none", "abi3", "cp311", "cp312", "cp313", "cp313t", "cp312.cp313", "abi3.none"])
LINUX = "manylinux1_x86_64 manylinux2014_aarch64 manylinux_2_17_aarch64 manylinux_2_28_aarch64 linux_aarch64"
OTHERS = "any manylinux_2_34_x86_64 manylinux_2_35_aarch64 musllinux_1_2_aarch64 macosx_11_0_arm64 win_amd64"
PLATFORMS = st.lists(st.sampled_from(f"{LINUX} {OTHERS}".split()), min_size=1, max_size=3, unique=True).map(".".join)
TARGETS = st.sampled_from([Target.of_runtime(runtime) for runtime in PYTHON_RUNTIMES])


def supported(target: Target, architecture: Architecture) -> list[tags.Tag]:
    """The same, said with packaging's own generators, platform by platform."""
    version = tuple(int(part) for part in target.python.split("."))
    interpreter = f"cp{version[0]}{version[1]}"
    known = list(platforms(architecture, target.glibc))
    return [*tags.cpython_tags(version, [interpreter], known), *tags.compatible_tags(version, interpreter, known)]


@given(PYTHONS, ABIS, PLATFORMS, TARGETS, st.sampled_from(list(Architecture)))
def test_tags_match_as_packaging_matches_them(python, abi, platform, target, architecture):
    filename = f"some_name-1.0-{python}-{abi}-{platform}.whl"
    found = parse_filename(filename, "some-name")
    _, _, _, wanted = parse_wheel_filename(filename)
    fits = bool(wanted & set(supported(target, architecture)))
    if found is None:
        assert not fits
    else:
        assert set(expanded(found[1])) == {str(tag) for tag in wanted}
        assert (rank(found[1], target, architecture) is not None) is fits


@given(
    st.from_regex(
        r"[A-Za-z0-9_.]{1,8}-[0-9a-z.+!]{1,8}(-[0-9][a-z]?)?-(cp312|py3)-none-(any|linux_x86_64)\.whl", fullmatch=True
    )
)
def test_names_are_parsed_as_packaging_parses_them(filename):
    try:
        name, version, _, _ = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return
    assert parse_filename(filename, name) is not None
    assert parse_filename(filename, name)[0] == str(version)


@given(st.text(max_size=40))
def test_any_name_is_parsed_or_none(filename):
    assert parse_filename(filename, "x") is None or filename


def test_sdists_and_what_is_neither():
    assert parse_filename("a-b-1.0.tar.gz", "a-b") == ("1.0", "")
    assert parse_filename("A_B-1.0.zip", "a-b") == ("1.0", "")
    assert parse_filename("a-b-1.0.tar.gz", "a") is None
    for filename in (
        "a-1.0.exe",
        "a.tar.gz",
        "a-one.tar.gz",
        "a-1.0-py3-none.whl",
        "b-1.0-py3-none-any.whl",
        "a-x-py3-none-any.whl",
    ):
        assert parse_filename(filename, "a") is None


def test_most_specific_tag_wins():
    target = Target("3.12", "2.34")
    order = [
        "cp312-cp312-manylinux_2_34_aarch64",
        "cp312-cp312-manylinux_2_17_aarch64",
        "cp312-abi3-manylinux_2_17_aarch64",
        "py3-none-any",
    ]
    ranked = [rank(tag, target, Architecture.ARM64) for tag in order]
    assert ranked == sorted(ranked)


@given(st.sampled_from([">=3.9", "<3.13", "!=3.12.*", "==3.12.*", ">=3.12.1,<4", "~=3.9", "<=3.12"]), TARGETS)
def test_requires_python_as_packaging_has_it(requires, target):
    assert accepts_python(requires, target.python_full) is SpecifierSet(requires).contains(target.python_full)


def test_requires_python_that_cannot_be_read_is_none():
    assert File("x", "y", "1", "", requires_python=">=3.6.*,nonsense").supports_python(Target("3.12", "2.34"))


def test_address_is_put_together():
    assert File("x.whl", "https://h/a/", "1", "").url == "https://h/a/x.whl"
    assert File("x.whl", "https://h/a/x.whl?sig=1", "1", "").url == "https://h/a/x.whl?sig=1"
    assert File("x.tar.gz", "", "1", "").platforms == []
    assert expanded("") == []
