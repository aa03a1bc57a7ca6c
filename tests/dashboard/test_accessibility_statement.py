"""The accessibility statement: in the model form, with the list that the tests have (reliability.md A10)."""

import re

from dashboard import accessibility

# The headings of the model statement for public bodies (gov.uk, "Sample accessibility statement").
MODEL = (
    "How accessible it is",
    "Feedback and contact information",
    "Enforcement procedure",
    "Technical information",
    "Compliance status",
    "Non-accessible content",
    "Preparation of this statement",
)


def said(stranger) -> str:
    answer = stranger.get("/accessibility")
    assert answer.status_code == 200
    return answer.text


def test_anybody_reads_it_in_the_model_form_with_the_day_of_the_tests(stranger):
    page = said(stranger)
    headings = re.findall(r"<h[23]>(.*?)</h[23]>", page)
    assert [heading for heading in headings if heading in MODEL] == list(MODEL)
    assert "22 November 2026" in page
    assert "partially compliant" in page


def test_it_tells_every_shortfall_that_is_known_with_its_criterion(stranger):
    page = said(stranger)
    assert accessibility.KNOWN
    for one in accessibility.KNOWN:
        assert page.count(one.words) == 2
        assert one.instead in page
        assert re.match(r"\d\.\d\.\d+ ", one.criterion)
        assert f"Criterion {one.criterion}." in page


def test_whom_to_tell_and_who_is_responsible_are_settings(stranger, monkeypatch):
    assert "whoever runs Assay in your organisation" in said(stranger)
    monkeypatch.setenv("ASSAY_ACCESSIBILITY_CONTACT", "access@ashcombe.example")
    monkeypatch.setenv("ASSAY_PUBLISHER", "Ashcombe <County> Council")
    page = said(stranger)
    assert '<a href="mailto:access@ashcombe.example">' in page
    assert "Ashcombe &lt;County&gt; Council is committed" in page
    monkeypatch.setenv("ASSAY_ACCESSIBILITY_CONTACT", "01234 567890, or write <to> us")
    page = said(stranger)
    assert "mailto:" not in page
    assert "01234 567890, or write &lt;to&gt; us" in page
