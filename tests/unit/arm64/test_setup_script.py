"""What a setup.py says, read and never run."""

import pytest

from lambdabot.arm64.files.setup_script import Script, read


def script(text: str, *, needed: frozenset[str] = frozenset(), files: frozenset[str] = frozenset()) -> Script:
    return read(text, set(needed), set(files))


def test_literal_dependencies_are_read():
    assert script("from setuptools import setup\nsetup(install_requires=['a>=1', 'b'])") == Script(("a>=1", "b"))
    assert script("setup(install_requires=('a',))").requires == ("a",)
    assert script("setup(install_requires='a\\nb')").requires == ("a", "b")
    assert script("setup()").requires == ()


@pytest.mark.parametrize("value", ["open('r').readlines()", "REQUIRES", "['a', 1]", "{[]: 1}", "None", "{'a': 1}"])
def test_anything_that_would_have_to_be_run_is_computed(value):
    assert script(f"setup(install_requires={value})").requires is None


def test_it_is_never_run(tmp_path):
    mark = tmp_path / "ran"
    assert script(f"open({str(mark)!r}, 'w')\nraise SystemExit").broken == ""
    assert not mark.exists()


@pytest.mark.parametrize("text", ["print 'two'", "a = '\0'", "x = " + "-" * 20_000 + "1", "x = " + "(" * 500])
def test_what_is_no_python_3_is_broken(text):
    found = script(text)
    assert found == Script(requires=None, broken="its setup.py is no Python 3")


def test_invalid_escapes_are_nothing_to_warn_about():
    assert script("setup(install_requires=['a'], long_description='\\d')").requires == ("a",)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("setup(ext_modules=[x])", "ext_modules"),
        ("setup(ext_modules=find())", "ext_modules"),
        ("y = Extension('a', ['a.c'])", "Extension"),
        ("setuptools.Extension('a', [])", "Extension"),
        ("from Cython.Build import cythonize", "cythonize"),
        ("import skbuild.setup", "skbuild"),
        ("setup(cffi_modules=['b.py:ffi'])", "cffi_modules"),
    ],
)
def test_word_that_names_an_extension_is_found(text, word):
    assert script(text, needed=frozenset({"skbuild", "cython"})).extension == word


@pytest.mark.parametrize("value", ["[]", "()", "None", "False", "''"])
def test_empty_list_of_extensions_is_none(value):
    assert script(f"setup(ext_modules={value}, **options)").extension == ""


@pytest.mark.parametrize(("value", "broken"), [("True", True), ("flag", True), ("False", False), ("None", False)])
def test_use_2to3_cannot_be_built_any_more(value, broken):
    assert ("use_2to3" in script(f"import nowhere\nsetup(use_2to3={value})").broken) is broken


def test_imports_that_an_isolated_build_does_not_have_are_named_in_order():
    found = script("import numpy, os\nfrom Cython.Build import x\nfrom . import y\nfrom __future__ import annotations")
    assert found.broken == "its setup.py imports Cython, numpy, which an isolated build does not have"


def test_imports_of_build_requirements_and_of_own_files_are_there():
    text = "import build_tool, versioneer, package.version\nimport distutils"
    files = frozenset({"versioneer.py", "package/version.py"})
    assert script(text, needed=frozenset({"build-tool"}), files=files).broken == ""
    assert "versioneer" in script(text, needed=frozenset({"build-tool"}), files=frozenset()).broken


def test_imports_in_try_and_if_are_conditional():
    assert script("try:\n    import numpy\nexcept ImportError:\n    pass\nif x:\n    import cffi").broken == ""
