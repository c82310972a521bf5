"""Tests are packed by what they ask for, how long they took and what must pass before, within the budget."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, List, Optional, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pjm.batch.scheduler import Resources
from pjm.errors import BadInput
from pjm.plan.packing import Job, Share, Site, Task, check_budget, describe_overlong, overlong, pack, pack_some, rounded

SAFETY = 1.5  # of the packing
HOUR = Resources(nodes=1, elapse=3600)
SITE = Site(group="hp000000", gfscache="/vol0004", start_up=600, tests_per_job=3)


def task(name: str, seconds: Optional[float] = None, after: Tuple[str, ...] = (), resources: Resources = HOUR) -> Task:
    return Task(name, resources, name.split("::")[0], seconds, after)


def grouped(name: str, seconds: Optional[float] = None, group: str = "m::C") -> Task:
    return replace(task(name, seconds), group=group)


def bound(name: str, seconds: Optional[float] = None) -> Task:
    return replace(task(name, seconds), group="g", bound=True)


def shares(job: Job) -> List[Tuple[Tuple[str, ...], Tuple[int, ...]]]:
    return [(share.nodeids, share.needs) for share in job.shares]


def test_nothing_makes_no_jobs() -> None:
    assert () == pack([], SITE, "s")


def test_one_test_makes_a_normal_job_with_what_its_mark_and_the_site_say() -> None:
    asked = Resources(2, 60, "small", env=(("A", "1"),), cpus=8, mem="4G", gres="gpu:1", ranks=5)

    (job,) = pack([task("a", 7.0, resources=asked)], SITE, "pjm-x")

    resources = Resources(2, 60, "small", "hp000000", "/vol0004", (("A", "1"),), 8, "4G", "gpu:1", 5)
    assert Job("pjm-x-0", (Share(("a",), resources, 7.0),)) == job
    assert (None, False) == (job.bulk, job.step)
    assert 2 * 60 / 3600 == job.node_hours


def test_without_durations_tests_are_packed_by_count() -> None:
    (job,) = pack([task(f"m::{number}") for number in range(7)], SITE, "s")

    assert [3, 3, 1] == [len(share.nodeids) for share in job.shares]
    assert 3 == job.bulk


def test_durations_with_their_margin_fill_the_elapse_limit_but_for_the_start_up() -> None:
    # 3000 s are free; each test counts 1.5 times its duration.
    (job,) = pack([task(f"m::{number}", 500.0) for number in range(5)], SITE, "s")

    assert [4, 1] == [len(share.nodeids) for share in job.shares]
    assert [2000.0, 500.0] == [share.expected for share in job.shares]


def test_a_test_that_fits_only_without_margin_runs_alone() -> None:
    (job,) = pack([task("m::a", 10.0), task("m::b", 2900.0), task("m::c", 10.0)], SITE, "s")

    assert [("m::a",), ("m::b",), ("m::c",)] == [share.nodeids for share in job.shares]


def test_a_test_that_took_longer_than_its_limit_allows_is_named() -> None:
    long, short = task("m::long", 3001.0), task("m::short", 3000.0)

    assert ((long,),) == overlong([long, short], SITE)
    assert 'elapse="01:42:02"' in describe_overlong((long,)).fix


def test_a_group_that_took_longer_than_its_limit_allows_is_named() -> None:
    group = tuple(bound(f"m::{number}", 1501.0) for number in range(2))

    assert (group,) == overlong([*group, task("m::other", 3000.0)], SITE)
    assert "together='g', 2 tests: the elapse limit is 01:00:00" == describe_overlong(group).what


def test_a_short_limit_leaves_half_of_it_to_the_tests() -> None:
    brief = Resources(nodes=1, elapse=10)
    (job,) = pack([task("m::a", 1.0, resources=brief), task("m::b", 1.0, resources=brief)], SITE, "s")

    assert (("m::a", "m::b"),) == tuple(share.nodeids for share in job.shares)


def test_a_module_that_fits_a_share_is_not_cut() -> None:
    (job,) = pack([task(name) for name in ("m::1", "m::2", "n::1", "n::2", "o::1")], SITE, "s")

    assert [("m::1", "m::2"), ("n::1", "n::2", "o::1")] == [share.nodeids for share in job.shares]


def test_a_module_that_has_to_be_cut_uses_the_room_that_is_left() -> None:
    names = [f"m::{number}" for number in range(5)] + [f"n::{number}" for number in range(4)]
    (job,) = pack([task(name) for name in names], SITE, "s")

    assert [3, 3, 3] == [len(share.nodeids) for share in job.shares]


def test_a_group_of_tests_that_are_not_timed_is_not_cut() -> None:
    tests = [task("m::1"), *(grouped(f"m::C::{number}") for number in range(5)), task("m::2"), task("m::3")]

    (job,) = pack(tests, SITE, "s")

    assert [1, 5, 2] == [len(share.nodeids) for share in job.shares]


def test_a_group_is_cut_where_its_durations_do_not_fit_a_job_and_a_bound_one_is_not() -> None:
    (cut,) = pack([grouped(f"m::C::{number}", 500.0) for number in range(5)], SITE, "s")
    (whole,) = pack([bound(f"m::{number}", 500.0) for number in range(5)], SITE, "s")

    assert [4, 1] == [len(share.nodeids) for share in cut.shares]
    assert [5] == [len(share.nodeids) for share in whole.shares]


def test_tests_of_a_group_that_ask_for_different_things_are_in_different_jobs() -> None:
    other = replace(grouped("m::C::2"), resources=Resources(nodes=2, elapse=3600))

    assert [("m::C::1", "m::C::3"), ("m::C::2",)] == [
        job.nodeids for job in pack([grouped("m::C::1"), other, grouped("m::C::3")], SITE, "s")
    ]


def test_a_bound_group_keeps_the_collected_order_among_other_tests() -> None:
    (job,) = pack([bound("k::1"), task("k::2"), task("l::1"), bound("m::1")], SITE, "s")

    assert [("k::1", "k::2", "m::1"), ("l::1",)] == [share.nodeids for share in job.shares]


def test_tests_that_ask_for_different_things_are_in_different_jobs() -> None:
    other, ranks = Resources(nodes=1, elapse=3600, env=(("A", "1"),)), Resources(nodes=1, elapse=3600, ranks=2)
    more = [
        task("m::4", resources=ranks),
        task("m::5", resources=replace(ranks, ranks=4)),
        task("m::6", resources=ranks),
    ]
    jobs = pack([task("m::1"), task("m::2", resources=other), task("m::3"), *more], SITE, "s")

    assert [("m::1", "m::3"), ("m::2",), ("m::4", "m::6"), ("m::5",)] == [job.nodeids for job in jobs]
    assert ["s-0", "s-1", "s-2", "s-3"] == [job.name for job in jobs]


def test_a_bulk_job_has_no_more_sub_jobs_than_the_site_takes() -> None:
    jobs = pack([task(f"m::{n}") for n in range(15)], Site(tests_per_job=3, bulk_limit=2), "s")

    assert [2, 2, None] == [job.bulk for job in jobs]


def test_train_and_estimate_are_two_steps() -> None:
    (job,) = pack([task("m::train"), task("m::estimate", after=("m::train",))], SITE, "s")

    assert [(("m::train",), ()), (("m::estimate",), (0,))] == shares(job)
    assert (None, True) == (job.bulk, job.step)


def test_steps_keep_their_own_resources() -> None:
    train = Resources(nodes=4, elapse=7200)
    (job,) = pack([task("m::train", resources=train), task("m::estimate", after=("m::train",))], SITE, "s")

    assert [(4, 7200), (1, 3600)] == [(share.resources.nodes, share.resources.elapse) for share in job.shares]
    assert 9.0 == job.node_hours


def test_tests_that_wait_for_the_same_share_a_step() -> None:
    names = [("m::train", ()), ("m::a", ("m::train",)), ("m::b", ("m::train",)), ("m::last", ("m::b",))]
    (job,) = pack([task(name, after=after) for name, after in names], SITE, "s")

    expected = [(("m::train",), ()), (("m::b",), (0,)), (("m::a",), (0,)), (("m::last",), (1,))]
    assert expected == shares(job)


def test_a_test_may_stand_before_the_one_it_comes_after() -> None:
    (job,) = pack([task("m::estimate", after=("m::train",)), task("m::train")], SITE, "s")

    assert [(("m::train",), ()), (("m::estimate",), (0,))] == shares(job)


def test_chains_that_have_nothing_to_do_with_each_other_are_different_jobs() -> None:
    names = [("m::a", ()), ("m::b", ("m::a",)), ("m::c", ()), ("m::d", ("m::c",)), ("m::e", ())]
    jobs = pack([task(name, after=after) for name, after in names], SITE, "s")

    assert [("m::a", "m::b"), ("m::c", "m::d"), ("m::e",)] == [job.nodeids for job in jobs]


def test_a_test_after_more_than_a_job_script_can_name_is_refused() -> None:
    many = [task(f"m::{number}") for number in range(600)]

    with pytest.raises(BadInput, match=r"m::last: .* after= of 600 tests"):
        pack([*many, task("m::last", after=tuple(each.nodeid for each in many))], SITE, "s")


REQUESTS = [Resources(1, 3600), Resources(1, 600), Resources(2, 3600, "small"), Resources(1, 3600, env=(("A", "1"),))]


@st.composite
def any_tasks(draw: st.DrawFn) -> List[Task]:
    modules = sorted(draw(st.lists(st.sampled_from("klmn"), max_size=40)))
    tasks: List[Task] = []
    for number, module in enumerate(modules):
        earlier = [before.nodeid for before in tasks]
        chained = draw(st.booleans()) and bool(earlier)
        after: List[str] = draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True)) if chained else []
        seconds = draw(st.none() | st.floats(0, 4000))
        tasks.append(
            Task(f"{module}::{number}[é \"$(x)'\n]", draw(st.sampled_from(REQUESTS)), module, seconds, tuple(after))
        )
    shuffled = draw(st.booleans())
    return draw(st.permutations(tasks)) if shuffled else tasks


@given(any_tasks(), st.integers(2, 5), st.integers(1, 6))
@settings(deadline=None, max_examples=200)
def test_whatever_the_tests_no_promise_of_the_packing_is_broken(tasks: List[Task], bulk: int, count: int) -> None:
    site = Site(start_up=60, bulk_limit=bulk, tests_per_job=count)
    jobs = pack(tasks, site, "s")
    by_id = {one.nodeid: one for one in tasks}
    place = {one.nodeid: number for number, one in enumerate(tasks)}

    assert sorted(by_id) == sorted(nodeid for job in jobs for nodeid in job.nodeids)
    assert len(jobs) == len({job.name for job in jobs})
    assert all(len(job.shares) <= bulk for job in jobs if not job.step)
    for job in jobs:
        for number, share in enumerate(job.shares):
            members = [by_id[nodeid] for nodeid in share.nodeids]
            check_share(members, share, site)
            assert sorted(share.nodeids, key=place.__getitem__) == list(share.nodeids)
            assert all(need < number for need in share.needs)
            before = {nodeid for need in share.needs for nodeid in job.shares[need].nodeids}
            assert all(before == set(one.after) for one in members)
        if job.bulk:
            assert 1 == len({share.resources for share in job.shares})


def check_share(members: List[Task], share: Share, site: Site) -> None:
    first = members[0].resources
    assert all(
        (one.resources.nodes, one.resources.elapse, one.resources.env) == (first.nodes, first.elapse, first.env)
        for one in members
    )
    assert (share.resources.nodes, share.resources.elapse) == (first.nodes, first.elapse)
    if len(members) > 1:
        free = share.resources.elapse - site.start_up
        known = sum((one.seconds or 0) * SAFETY for one in members)
        unknown = sum(one.seconds is None for one in members)
        assert known + unknown * free / (site.tests_per_job or 20) <= free * (1 + 1e-6)


@given(st.lists(st.tuples(st.sampled_from("klmn"), st.floats(0, 1500)), max_size=40))
@settings(deadline=None)
def test_a_module_is_cut_only_where_it_does_not_fit_one_share(durations: List[Tuple[str, float]]) -> None:
    tasks = [Task(f"{m}::{n}", HOUR, m, seconds) for n, (m, seconds) in enumerate(sorted(durations))]
    load: Dict[str, float] = {}
    for one in tasks:
        load[one.module] = load.get(one.module, 0.0) + (one.seconds or 0.0) * SAFETY
    parts = [share.nodeids for job in pack(tasks, SITE, "s") for share in job.shares]

    for module, seconds in load.items():
        homes = sum(any(nodeid.startswith(f"{module}::") for nodeid in part) for part in parts)
        assert homes == 1 or seconds > 3000


@given(st.lists(st.tuples(st.sampled_from(["m::C", "m::D", "n::E"]), st.none() | st.floats(0, 1500)), max_size=40))
@settings(deadline=None)
def test_a_group_is_in_one_job_if_what_is_known_of_it_fits(durations: List[Tuple[str, Optional[float]]]) -> None:
    tasks = [grouped(f"{group}::{number}", seconds, group) for number, (group, seconds) in enumerate(durations)]
    parts = [share.nodeids for job in pack(tasks, SITE, "s") for share in job.shares]

    for group in {one.group for one in tasks}:
        known = sum(one.seconds or 0.0 for one in tasks if one.group == group) * SAFETY
        homes = sum(any(nodeid.startswith(f"{group}::") for nodeid in part) for part in parts)
        assert homes == 1 or known > 3000


def test_ten_thousand_tests_are_one_bulk_job() -> None:
    (job,) = pack([task(f"m{number // 50}::{number}", 0.01) for number in range(10_000)], Site(), "s")

    assert 10_000 == len(job.nodeids)


def test_some_tests_are_packed_under_new_names_and_wait_only_for_each_other() -> None:
    tasks = [
        Task(name, Resources(1, 1800), "m", after=after) for name, after in (("a", ()), ("b", ("a",)), ("c", ("b",)))
    ]
    taken = ["s-0-0", "s-0-1", "s-1-0", "s-20-0"]

    (alone,) = pack_some(tasks, ["b"], Site(), "s", taken, {}, {})
    (chain,) = pack_some(tasks, ["c", "b"], Site(), "s", taken, {}, {})

    assert ("s-2-0", ("b",), False) == (alone.name, alone.nodeids, alone.step)
    assert ("s-2-0", ("b", "c"), True) == (chain.name, chain.nodeids, chain.step)
    assert () == pack_some(tasks, [], Site(), "s", taken, {}, {})


def test_tests_that_are_left_are_packed_by_what_the_session_has_measured_of_the_others() -> None:
    other = Resources(nodes=2, elapse=3600)
    tasks = [
        *(task(f"m::{number}") for number in range(6)),
        task("n::a", resources=other),
        task("n::b", resources=other),
    ]
    measured, cut_off = {"m::0": 1000.0, "n::a": 1.0}, {"m::1": 1100.0}
    left = ["m::1", "m::2", "m::3", "m::4", "n::b"]

    large, small = pack_some(tasks, left, SITE, "s", [], measured, cut_off)

    assert [("m::1",), ("m::2", "m::3"), ("m::4",)] == [share.nodeids for share in large.shares]
    assert [1100.0, 2000.0, 1000.0] == [share.expected for share in large.shares]
    assert ([1.0], 0) == ([share.expected for share in small.shares], small.shares[0].untimed)


@pytest.mark.parametrize(("count", "sizes"), [(20, [20]), (45, [20, 20, 5]), (1000, [250] * 4)])
def test_tests_of_which_nothing_is_known_make_few_jobs(count: int, sizes: List[int]) -> None:
    (job,) = pack([task(f"m::{number}") for number in range(count)], Site(), "s")

    assert sizes == [len(share.nodeids) for share in job.shares]


@given(
    st.lists(st.integers(1, 200), min_size=1, max_size=20),
    st.integers(1, 6),
    st.sampled_from([None, None, 1.0, 400.0]),
)
@settings(deadline=None, max_examples=50)
def test_modules_and_classes_of_any_size_keep_to_the_bound(
    modules: List[int], bound: int, seconds: Optional[float]
) -> None:
    tests = [Task(f"m{name}::{n}", HOUR, f"m{name}") for name, size in enumerate(modules) for n in range(size)]
    tests += [replace(one, nodeid=f"{one.nodeid}C", group=f"{one.module}::C") for one in tests if one.module == "m0"]
    timed = [task(f"z::{number}", seconds) for number in range(40)] if seconds else []

    job, *others = pack([*tests, *timed], Site(unknown_jobs=bound), "s")

    untimed = [share for share in job.shares if share.untimed]
    assert not others
    assert len(untimed) <= bound


@pytest.mark.parametrize(("timed", "jobs"), [(300, 1), (299, 4)])
def test_where_most_tests_are_timed_their_mean_counts_for_the_rest(timed: int, jobs: int) -> None:
    tests = [task(f"m::{number}", 1.0 if number < timed else None) for number in range(600)]

    assert jobs == sum(len(job.shares) for job in pack(tests, Site(), "s"))


def test_a_guess_counts_where_nothing_else_is_known_and_warns_nobody() -> None:
    guessed = [replace(task(f"m::{number}"), guess=500.0) for number in range(5)]
    timed = [replace(one, seconds=1.0) for one in guessed]
    wrong = replace(guessed[0], guess=9999.0)

    assert [4, 1] == [len(share.nodeids) for share in pack(guessed, SITE, "s")[0].shares]
    assert [5] == [len(share.nodeids) for share in pack(timed, SITE, "s")[0].shares]
    assert () == overlong([wrong], SITE)


def test_elapse_limits_are_rounded_up_to_what_the_batch_system_counts_in_and_that_is_said() -> None:
    site = Site(elapse_step=60)
    odd = [task("a", resources=Resources(1, 61)), task("b", resources=Resources(1, 120))]

    assert [120] == [job.shares[0].resources.elapse for job in pack(odd, site, "s")]
    expected = "elapse limits of 1 test are rounded up to multiples of 60 s, in which the batch system counts: a has "
    assert f"{expected}00:02:00 instead of 00:01:01" == rounded(odd, site)
    assert "" == rounded(odd, Site())


NEW = (Job("new-0", (Share(("a",), Resources(1, 1800), 1.0),)),)


def test_new_jobs_are_refused_with_what_there_was_before_them() -> None:
    check_budget(NEW, 0.6, 0.1)

    with pytest.raises(BadInput) as refusal:
        check_budget(NEW, 0.6, 0.2)

    expected = "1 job would request 0.50, and this session has used or requested 0.20: nothing was submitted"
    assert expected == refusal.value.why


def test_no_new_jobs_are_never_too_much() -> None:
    check_budget((), 0.6, 2.0)
