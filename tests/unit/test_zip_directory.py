"""Zips are compared by what they hold, within bounds."""

import io
import zipfile

import pytest

from lambdabot import zip_directory


def zip_of(*files, compression=zipfile.ZIP_DEFLATED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as opened:
        for name, text in files:
            opened.writestr(name, text)
    return made


def test_order_and_compression_do_not_count_and_names_and_bytes_do():
    one = zip_directory.contents(zip_of(("a", "1"), ("b", "2")), largest=100)

    assert zip_directory.contents(zip_of(("b", "2"), ("a", "1"), compression=zipfile.ZIP_STORED), largest=100) == one
    assert zip_directory.contents(zip_of(("a", "1"), ("c", "2")), largest=100) != one
    assert zip_directory.contents(zip_of(("a", "1"), ("b", "3")), largest=100) != one


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_files_of_one_name_the_last_counts_which_is_unpacked_over_the_others():
    assert zip_directory.contents(zip_of(("a", "1"), ("a", "2")), largest=100) == zip_directory.contents(
        zip_of(("a", "2")), largest=100
    )


def test_more_than_may_be_unpacked_is_refused_before_it_is():
    with pytest.raises(zipfile.BadZipFile, match="more than 0 MB"):
        zip_directory.contents(zip_of(("a", "1" * 101)), largest=100)


def test_damage_is_one_of_the_faults():
    damaged = zip_of(("a", "1" * 50), compression=zipfile.ZIP_STORED).getvalue().replace(b"1" * 50, b"2" * 50)
    with pytest.raises(zip_directory.FAULTS):
        zip_directory.contents(io.BytesIO(damaged), largest=100)
