"""The proof that tenants never see each other (reliability.md T1, D3, T3, T4, T5, T6, T9), and that it would notice.

How it works, module by module:

- `story` tells one small programme in two voices: ours (texts of A, numbers that are multiples of 1000) and theirs
  (`CANARY-B-<table>-<column>-<n>` in every free text, numbers that end in 7, the same codes as ours where they can be).
- `canaries` writes rows with a canary in *every* text column of *every* table that names a tenant or a person, found in
  the models, for a third organisation that nobody of A has heard of; and finds canaries in what was answered.
- `worlds` builds A once, then copies the warehouse (SQLite: the file; PostgreSQL: a template database) and adds the
  others to the copies: `empty` (they have no rows), `full`, `changed` (more and other rows), and `hidden` (empty, but
  what A's champion and assessor may not open says something else). A's ids, moments and sessions are the same in all.
- What there is to ask is found in the program: `routes` of the server, `callbacks` with a body on the server and the
  `addresses` that a page may have, the arguments that the code reads from a request (`reading`), the `forms` that stand
  in pages, the description of the `api`, and the commands (`command_line`). Each gives `asks`; `known_values` has a
  value of ours, of theirs and of nobody for each argument by name, and `surfaces` says which it lacks.
  **A new page, callback, route, form field or command is covered as soon as it is there; one with an argument that
  `known_values` does not know fails with a sentence that says what to add.**
- `harness` asks everything as each role of A, masks nonces and clocks (`masks`), and says what differs between worlds,
  where a canary stands, what failed (500), where somebody else's id and nobody's are answered differently, and which
  rows of the others changed.
- `locks` probes each lock of the warehouse alone, without what stands above it.

`test_nobody_sees_another.py` is the proof. `test_the_proof_would_notice.py` takes away one lock after the other and
demands that the proof reports it. `test_any_course_of_events.py` lets Hypothesis choose who does what, and when a grant
ends. `test_arguments_are_known.py` is the list of what a new surface owes to the proof.
"""
