"""What the doctor says where no sandbox starts: why, and the one command that mends it."""

import pytest

from sim.doctor import Settings, refusal

FINE = Settings(
    is_root=False, in_container=False, max_user_namespaces="15000", unprivileged_clone="1", apparmor_restricts="0"
)


@pytest.mark.parametrize(
    ("changes", "why", "remedy"),
    [
        ({"max_user_namespaces": "0"}, "are off", "sysctl -w user.max_user_namespaces=15000"),
        ({"max_user_namespaces": "0", "is_root": True}, "are off", "sysctl -w user.max_user_namespaces=15000"),
        ({"unprivileged_clone": "0"}, "only root", "sysctl -w kernel.unprivileged_userns_clone=1"),
        ({"apparmor_restricts": "1"}, "AppArmor", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"),
        ({"in_container": True, "is_root": True, "apparmor_restricts": "1"}, "seccomp", "containers/seccomp.json"),
        ({"max_user_namespaces": None, "unprivileged_clone": None, "apparmor_restricts": None}, "no reason", "docker"),
    ],
)
def test_a_refusal_is_explained_by_the_setting_that_causes_it(
    changes: dict[str, object], why: str, remedy: str
) -> None:
    found = refusal(Settings(**{**{name: getattr(FINE, name) for name in Settings.__slots__}, **changes}))
    assert why in found[0]
    assert remedy in found[1]
