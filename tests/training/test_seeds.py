"""Seeds."""

from mmer.training.seeds import Key, derive

KNOWN = 8131628141307874962


def test_known_values_hold_on_every_machine():
    """Recorded once; a change moves every published number."""
    assert derive(0, "gcn", "casme2/sub01", "weights") == KNOWN
    assert Key("gcn", 0, "casme2/sub01").derive("weights") == KNOWN


def test_parts_are_kept_apart():
    assert (
        len({derive("ab"), derive("a", "b"), derive("b", "a"), derive(1), derive("1"), derive(1, 2), derive(12)}) == 7
    )


def test_a_purpose_has_its_own_seed():
    key = Key("gcn", 0, "casme2/sub01")
    assert len({key.derive("weights"), key.derive("dropout"), key.derive("batches", 1), key.derive("batches", 2)}) == 4


def test_seeds_fit_torch_and_int64():
    assert all(0 <= derive(i) < 2**63 for i in range(100))
