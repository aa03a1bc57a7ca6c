from db import reads
from tests.db.made import asked, put, results


def test_a_load_again_changes_nothing_and_is_recorded(scope):
    staged = results(("D1", "1.1.1", "compliant"), (None, "1.1.2", "partial"))
    first = put(scope, results=staged)
    before = asked(scope, reads.content_hash)
    second = put(scope, results=staged)
    assert asked(scope, reads.content_hash) == before
    assert (first.load_number, second.load_number) == (1, 2)
    assert [(f.loaded, f.unchanged) for f in first.files + second.files] == [(2, 0), (0, 2)]
    assert asked(scope, reads.loads)["load"].to_list() == [2, 1]
