"""Bugs that a model checker must never ship with, as small changes of the source, and the default tests that are to notice them."""

from dataclasses import dataclass

MODELS = "tests/models/test_models.py"
DIFFERENTIAL = "tests/differential/test_generated.py"
PACKED = "tests/engines/test_packed_specs.py"
ZONES = "tests/engines/test_zones.py"
SYMBOLIC = "tests/engines/test_symbolic.py"
THREADS = "tests/engines/test_packed.py"
SEEN = "tests/engines/test_seen.py"
REFERENCE = "tests/reference"
SYMMETRY = "tests/core/test_symmetry.py"
SYMMETRIC = "tests/differential/test_symmetry.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """In `file`, `old` (which occurs once) becomes `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededBug:
    """One bug, seeded in one place. `tests` are paths that the default run has."""

    kind: str
    where: str
    changes: tuple[Change, ...]
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the command line calls it."""
        return f"{self.kind}/{self.where}".replace(" ", "-")


def _bug(kind: str, where: str, file: str, old: str, new: str, *tests: str) -> SeededBug:
    change = Change(file=f"cascade/{file}", old=old, new=new)
    return SeededBug(kind=kind, where=where, changes=(change,), tests=tests)


_RESET = "dropped clock reset"
_DEADLINE = "< for <= at a deadline"
_BUDGET = "budget counted after"
_FAIRNESS = "weak fairness ignored for one class"
_K = "K off by one"
_HASH = "hash without full comparison"
_BOUNDARY = "frontier cut at a worker boundary"
_NAMED = "symmetry over a named member"

BUGS = (
    # --- a clock that goes on although its command fired, or is disabled ---
    _bug(
        _RESET,
        "functions, own clock",
        "engines/explicit/compile.py",
        "own_clock_mask=0 if command.clock is None else self.layout.clocks[command.clock].mask,",
        "own_clock_mask=0,",
        DIFFERENTIAL,
    ),
    _bug(
        _RESET,
        "functions, disabled command",
        "engines/explicit/compile.py",
        "                kept &= ~clock.field.mask\n",
        "                kept &= self.layout.full\n",
        DIFFERENTIAL,
    ),
    _bug(
        _RESET,
        "packed tables, own clock",
        "engines/packed/tables.py",
        "            firing.clear(self._layout.clocks[command.clock])\n",
        "            pass\n",
        PACKED,
    ),
    _bug(
        _RESET,
        "packed tables, disabled command",
        "engines/packed/tables.py",
        "firing.clear(self._layout.clocks[index], unless=runs != 0)",
        "firing.clear(self._layout.clocks[index], unless=runs == runs)",
        PACKED,
    ),
    _bug(
        _RESET,
        "zones",
        "engines/zones/locations.py",
        "self._map(move.source, move.target, self.model.commands[move.command].clock)",
        "self._map(move.source, move.target, None)",
        ZONES,
    ),
    _bug(
        _RESET,
        "z3",
        "engines/symbolic/encode.py",
        "bases.append(arithmetic.ite(own, arithmetic.number(0), term))",
        "bases.append(term)",
        SYMBOLIC,
    ),
    _bug(_RESET, "reference", "reference/step.py", " or index == command.clock:", ":", MODELS, DIFFERENTIAL),
    # --- a deadline that may be missed by one tick ---
    _bug(
        _DEADLINE,
        "functions",
        "engines/explicit/compile.py",
        ">> field.offset >= command.latest_ticks)",
        ">> field.offset > command.latest_ticks)",
        DIFFERENTIAL,
    ),
    _bug(
        _DEADLINE,
        "packed tables",
        "engines/packed/tables.py",
        "is_due = may_fire & (rows.grid.codes[self._bit(command.clock, command.latest_ticks)] != 0)",
        "is_due = may_fire & (rows.grid.codes[self._bit(command.clock, command.latest_ticks)] > 1)",
        PACKED,
    ),
    _bug(
        _DEADLINE,
        "zones",
        "engines/zones/locations.py",
        "location.latest[position] = min(int(location.latest[position]), command.latest_ticks)",
        "location.latest[position] = min(int(location.latest[position]), command.latest_ticks + 1)",
        ZONES,
    ),
    _bug(
        _DEADLINE,
        "z3",
        "engines/symbolic/encode.py",
        "ready, self.arithmetic.at_most(latest, moment.clocks[command.clock])])",
        "ready, self.arithmetic.less(latest, moment.clocks[command.clock])])",
        SYMBOLIC,
    ),
    _bug(
        _DEADLINE,
        "reference",
        "reference/step.py",
        "return self.clock_values[command.clock] >= command.latest_ticks",
        "return self.clock_values[command.clock] > command.latest_ticks",
        MODELS,
        DIFFERENTIAL,
    ),
    _bug(
        _DEADLINE,
        "of a check",
        "core/lower.py",
        "exceeds_ticks=limit)",
        "exceeds_ticks=limit - 1)",
        MODELS,
    ),
    _bug(
        _DEADLINE,
        "exact delay of people",
        "core/lower.py",
        "                latest = earliest\n",
        "                latest = earliest + 1\n",
        MODELS,
    ),
    # --- one fault more than the budget ---
    SeededBug(
        kind=_BUDGET,
        where="lowering",
        changes=(
            Change(
                file="cascade/core/lower.py",
                old="draft.permits.append(self._builder.lt(used, self._builder.const(limit.count)))",
                new="draft.permits.append(self._builder.le(used, self._builder.const(limit.count)))",
            ),
            Change(
                file="cascade/core/lower.py",
                old="VariableRole.BUDGET, limit.count, VariableKind.RANGE)",
                new="VariableRole.BUDGET, limit.count + 1, VariableKind.RANGE)",
            ),
        ),
        tests=(MODELS,),
    ),
    # --- a class, or an engine, whose obligations do not count ---
    _bug(
        _FAIRNESS,
        "lowering, repairs",
        "core/lower.py",
        "is_owed = source.command_class in (Class.REPAIR, Class.REACTION) or",
        "is_owed = source.command_class is Class.REACTION or",
        MODELS,
    ),
    _bug(
        _FAIRNESS,
        "lowering, people who act",
        "core/lower.py",
        "(Class.REPAIR, Class.REACTION) or is_acting or",
        "(Class.REPAIR, Class.REACTION) or",
        MODELS,
    ),
    _bug(
        _FAIRNESS,
        "functions, repairs",
        "engines/explicit/fairness.py",
        "zip(compiled.commands, compiled.model.commands, strict=True) if c.owed\n",
        'zip(compiled.commands, compiled.model.commands, strict=True) if c.owed and c.command_class.value != "repair"\n',
        DIFFERENTIAL,
    ),
    _bug(
        _FAIRNESS,
        "packed, repairs",
        "engines/packed/lasso.py",
        "owed = [i for i, c in enumerate(model.commands) if c.owed]",
        'owed = [i for i, c in enumerate(model.commands) if c.owed and c.command_class.value != "repair"]',
        PACKED,
    ),
    _bug(
        _FAIRNESS,
        "z3, repairs",
        "engines/symbolic/lasso.py",
        "            if command.owed:\n",
        '            if command.owed and command.command_class.value != "repair":\n',
        SYMBOLIC,
    ),
    _bug(
        _FAIRNESS,
        "reference, repairs",
        "reference/step.py",
        "            self.model.commands[command_index].owed\n",
        "            self.model.commands[command_index].owed\n"
        '            and self.model.commands[command_index].command_class.value != "repair"\n',
        MODELS,
        DIFFERENTIAL,
    ),
    # --- a group that claims more, or less ---
    _bug(
        _K,
        "while redundancy holds",
        "core/losses.py",
        "self._builder.const(len(group.members) - group.needs)))",
        "self._builder.const(len(group.members) - group.needs + 1)))",
        MODELS,
    ),
    _bug(
        _K,
        "while redundancy holds, too few",
        "core/losses.py",
        "self._builder.const(len(group.members) - group.needs)))",
        "self._builder.const(len(group.members) - group.needs - 1)))",
        MODELS,
    ),
    _bug(
        _K,
        "serving",
        "checked/evaluate.py",
        "result = self.builder.le(self.builder.const(group.needs), total)",
        "result = self.builder.lt(self.builder.const(group.needs), total)",
        MODELS,
    ),
    # --- two states taken for one ---
    _bug(
        _HASH,
        "seen set",
        "engines/packed/kernels/seen.py",
        "            while known != NONE and known >> TWO != root:\n",
        "            while known != NONE and (mix(known >> TWO) ^ mix(root)) >> THIRTY_TWO != NONE:\n",
        SEEN,
    ),
    _bug(
        _HASH,
        "seen set, looking up",
        "engines/packed/kernels/seen.py",
        "    while known != NONE and known >> TWO != root and known != END:\n",
        "    while known != NONE and (mix(known >> TWO) ^ mix(root)) >> THIRTY_TWO != NONE and known != END:\n",
        SEEN,
    ),
    _bug(
        _HASH,
        "recent successors",
        "engines/packed/kernels/seen.py",
        "        kept += np.uint64(recent[place] != successor)\n",
        "        kept += np.uint64((recent[place] ^ successor) & THREE != NONE or recent[place] == NONE)\n",
        SEEN,
        PACKED,
    ),
    _bug(
        _HASH,
        "numbers of words",
        "engines/packed/kernels/intern.py",
        "        if tree[values + np.uint64(known) - ONE] == value:\n",
        "        if (mix(tree[values + np.uint64(known) - ONE]) ^ mix(value)) >> np.uint64(32) == NONE:\n",
        SEEN,
    ),
    # --- states that no thread expands ---
    _bug(
        _BOUNDARY,
        "last block of a layer",
        "engines/packed/kernels/explore.py",
        "                if begin >= layer_end:\n",
        "                if begin + ONE >= layer_end:\n",
        PACKED,
        THREADS,
    ),
    _bug(
        _BOUNDARY,
        "what a full set did not take",
        "engines/packed/kernels/explore.py",
        "        own[OWN_PENDING] = position\n",
        "        own[OWN_PENDING] = own[OWN_PENDING_END]\n",
        PACKED,
        THREADS,
    ),
    _bug(
        _BOUNDARY,
        "what a thread has taken and not expanded",
        "engines/packed/team.py",
        "        control[explore.NEXT] = begin + int(np.count_nonzero(is_expanded))\n",
        "        control[explore.NEXT] = end\n",
        PACKED,
        THREADS,
    ),
    # --- members that something tells apart are taken for interchangeable ---
    _bug(
        _NAMED,
        "the check",
        "core/symmetry.py",
        "        if new(query.goal) != old(query.goal):\n            return False\n",
        "",
        SYMMETRY,
    ),
    _bug(
        _NAMED,
        "commands",
        "core/symmetry.py",
        "return Counter(key(c, is_new=True) for c in commands) == Counter(key(c, is_new=False) for c in commands)",
        "return len(commands) == len(touched)",
        SYMMETRY,
        SYMMETRIC,
    ),
    _bug(
        _NAMED,
        "settles",
        "core/symmetry.py",
        "return self._keeps_settles(swap, moved, known) and self._keeps_commands(swap, moved, known)",
        "return self._keeps_commands(swap, moved, known)",
        SYMMETRY,
    ),
    _bug(
        _NAMED,
        "initial values",
        "core/symmetry.py",
        "(b.kind, b.role, b.low, b.high, sorted(b.initial))",
        "(b.kind, b.role, b.low, b.high, sorted(a.initial))",
        SYMMETRY,
    ),
    _bug(
        _NAMED,
        "order of evaluation",
        "core/symmetry.py",
        "op in _COMMUTATIVE and not (op in _LAZY and self._table.can_fail[node])",
        "op in _COMMUTATIVE",
        SYMMETRY,
    ),
    _bug(
        _NAMED,
        "members of members",
        "core/symmetry.py",
        "if inner.blocks[0][0] in first:",
        "if not inner.blocks:",
        SYMMETRY,
        SYMMETRIC,
    ),
)
