"""Infotexts are read as A1111's web UI writes them, whatever stands in them, and what is written is read again."""

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfy_core.infotext import Infotext, parse, write
from comfy_core.infotext.grammar import pairs_of
from comfy_core.infotext.names import SAMPLERS, SCHEDULES, sampling_of
from comfy_core.infotext.prompts import extra_networks
from comfy_core.sampling.samplers import SAMPLERS as OURS
from comfy_core.sampling.schedulers import SCHEDULERS

SETTINGS = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512"


def test_prompt_negative_prompt_and_settings_may_have_many_lines_each():
    found = parse(f"a castle,\nat night\nNegative prompt: people,\ntiara\n{SETTINGS}, Clip skip: 2\nTemplate: x")
    assert (found.prompt, found.negative) == ("a castle,\nat night", "people,\ntiara")
    assert found.fields["Sampler"] == "Euler a"
    assert (found.fields["Clip skip"], found.fields["Template"]) == ("2", "x")


def test_settings_alone_are_an_infotext_and_a_prompt_alone_is_none():
    assert parse(SETTINGS).prompt == ""
    assert parse("a\nSampler: Euler, Seed: 1, Size: 8x8").fields == {"Sampler": "Euler", "Seed": "1", "Size": "8x8"}
    with pytest.raises(ValueError, match="no line of settings"):
        parse("a castle: large, old\nNegative prompt: a: 1, b: 2, c: 3")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('"a: 1, \\"b\\": 2"', 'a: 1, "b": 2'),
        ('{"a": [1, {"b": ", "}]}', '{"a": [1, {"b": ", "}]}'),
        ('[{"a": 1}, 2]', '[{"a": 1}, 2]'),
        ('"never closed', '"never closed'),
        ("{broken", "{broken"),
        ("", ""),
    ],
)
def test_values_may_be_json(written, read):
    fields = parse(f"{SETTINGS}, Odd: {written}, Version: v1").fields
    assert (fields["Odd"], fields["Version"]) == (read, "v1")


def test_hashes_of_several_networks_are_pairs_inside_a_value():
    assert pairs_of("one: 1a2b3c, two b: 4d5e6f") == {"one": "1a2b3c", "two b": "4d5e6f"}


THE_SAME = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
"""Examples in every run, on any machine."""
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r", exclude_categories=["Cc", "Zl", "Zp"]))


@THE_SAME
@given(
    prompt=TEXT,
    negative=TEXT,
    fields=st.dictionaries(st.from_regex(r"[A-Za-z][a-z ]{0,8}[a-z]", fullmatch=True), TEXT),
)
def test_what_is_written_is_read_again(prompt, negative, fields):
    said = Infotext(prompt.strip(), negative.strip(), {"Steps": "20"} | fields)
    if not said.prompt.startswith("Negative prompt:"):
        assert parse(write(said)) == said


@THE_SAME
@given(st.text())
def test_any_text_is_read_or_refused_in_words(text):
    assert parse(f"{text}\n{SETTINGS}").fields["Seed"] == "1"
    with suppress(ValueError):
        parse(text)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", [" ", "a ", "a:", ", ", '"', "{", "[", "<a:", "(", "\n", "a, b: "])
def test_no_text_takes_long(piece):
    text = piece * 100_000
    parse(f"{text}\nNegative prompt: {text}\n{SETTINGS}, Odd: x{text}y")
    extra_networks(text)


@pytest.mark.parametrize(
    ("label", "schedule", "expected"),
    [
        ("Euler a", "", ("euler_ancestral", "normal")),
        ("DPM++ 2M Karras", "", ("dpmpp_2m", "karras")),
        ("DPM++ 2M", "", ("dpmpp_2m", "normal")),
        ("DPM++ 2M", "Automatic", ("dpmpp_2m", "karras")),
        ("DPM++ 2M", "Karras", ("dpmpp_2m", "karras")),
        ("DPM++ 2M SDE", "Exponential", ("dpmpp_2m_sde", "exponential")),
        ("DPM++ 2M SDE Exponential", "", ("dpmpp_2m_sde", "exponential")),
        ("dpm++ 3m sde", "sgm uniform", ("dpmpp_3m_sde", "sgm_uniform")),
        ("DDIM", "", ("ddim", "ddim_uniform")),
        ("k_euler_ancestral", "", ("euler_ancestral", "normal")),
        ("dpmpp_2m_k", "", ("dpmpp_2m", "karras")),
        ("res_multistep", "beta", ("res_multistep", "beta")),
    ],
)
def test_old_and_new_names_of_samplers_and_schedules(label, schedule, expected):
    found = sampling_of(label, schedule, frozenset({"res_multistep", "beta"}))
    assert (found.sampler, found.scheduler, found.problems) == (*expected, ())


def test_what_is_not_known_has_a_stand_in_and_a_word_about_it():
    found = sampling_of("Restart", "Align Your Steps")
    assert (found.sampler, found.scheduler) == ("euler", "normal")
    assert ["'Restart'" in found.problems[0], "'Align Your Steps'" in found.problems[1]] == [True, True]


def test_all_names_stand_for_what_is_here():
    assert {name for name, _ in SAMPLERS.values()} <= set(OURS)
    assert set(SCHEDULES.values()) | {name for _, name in SAMPLERS.values()} <= set(SCHEDULERS)


def test_networks_are_taken_out_of_the_prompt():
    text, networks = extra_networks("a <lora:one:0.8>, b <lora:two:0.5:1><lyco:x:te=0.1:unet=0.2> <hypernet:h> c < d")
    assert text == "a , b   c < d"
    assert [(one.kind, one.name, one.text, one.unet) for one in networks] == [
        ("lora", "one", 0.8, 0.8),
        ("lora", "two", 0.5, 1.0),
        ("lyco", "x", 0.1, 0.2),
        ("hypernet", "h", 1.0, 1.0),
    ]


def test_json_fields_survive_a_round_trip():
    fields = {"Steps": "1", "Hashes": json.dumps({"model": "ab", "lora:x": "cd"})}
    assert json.loads(parse(write(Infotext(fields=fields))).fields["Hashes"]) == {"model": "ab", "lora:x": "cd"}
