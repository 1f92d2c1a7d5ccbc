"""A domain, two procedures and a format that between them use every construct of the specification language."""

DOMAIN = """\
domain sink
  "Points on a line, some of them coloured."
  "Nothing in it means anything."

  param size: 1..9 = 5 inferred 1 + max(n for n in mentioned(Node))    -- a comment
  param scale: rational = 1/2
  param mode: enum {slow, fast} = slow
  param moves: list (int, int) = [(1, 1), (2, -3)]

  sort Node = 0..size-1
  sort Deep = -10..-size
  sort Color = enum {red, green, blue}
  sort Pair = (a: Node, b: Color)

  fact start: Node
  fact hint: Node?
  fact goal: set Node
  fact edge: map (Node, Node) -> rational
  fact path: list Node
  fact tint: map Node -> Color
  fact word: text
  fact on: bool
  fact sum: arithmetic

  -- the message may stand on the line of its rule, or below it
  require a-goal: goal != {} else "there is no goal among {size} nodes {{really}}"
  require cheap: all e in edge: edge[e] >= 0
    else "an edge costs {min(edge[e] for e in edge)}"

  def is_goal(n: Node): bool = n in goal or (on and n = hint ?? start)
  def successors(n: Node): map Node -> rational =
    {b: edge[(a, b)] * scale for a, b in keys(edge) if a = n}
  def h(n: Node): rational = if tint[n] = red then 0 else abs(n - size) / 2
  def rank(n: Node): int = -n
  def names: map int -> int = {1: 2, 3: 4}
  def colors(n: Node): set Color = {c for c in Color if tint[n] != c} - {red}
  def many: list Pair = [(n, tint[n] ?? blue) for n in Node] + [(0, red)]
  def far(n: Node): rational = distance(n, successors, is_goal) ?? -1
  def last_two: (Node, Node)? =
    if size(path) > 1 then (path[size(path) - 2], last(path)) else none

  given cheap: all e in edge: edge[e] <= 9
  given one-goal:
    size(goal) = 1

  small
    size
    size(edge) + 1

  sample
    "A few nodes in a row."
    let k = between(1, size - 1)
    goal = choose(k, Node)
    start = pick(Node)
    hint = none
    word = "w"
    on = chance(0.5)
    sum = (1, "+", (2, "*", 3))
    path = shuffled(goal)
    edge = {(a, b): 1 for a, b in pairs(path)}
    tint = {n: pick(Color) for n in Node}
    require size(goal) > 1 => far(start) >= -1
"""

PROCEDURE = """\
procedure sink
  "A search that keeps its nodes in everything that can keep nodes."
  needs sort Node
  needs start: Node
  needs is_goal(n: Node): bool
  needs successors(n: Node): map Node -> rational
  needs h(n: Node): rational
  needs rank(n: Node): int = 0
  needs unit(): int = 1
  needs spare: bool = false

  param weight: rational = 1.5
  param eager: bool = not false
  sort Entry = (node: Node, g: rational)

  state
    open:    queue (node: Node, g: rational, step: int) by g + weight * h(node)
    simple:  queue (node: Node) by rank(node)
    closed:  map Node -> rational
    seen:    set Node = {}
    trail:   list Entry = []
    todo:    stack Node
    later:   fifo Node
    current: Node?
    steps:   int = 0
    phase:   enum {begin, middle} = begin

  initially
    "The search begins at the start."
    seen += start
    steps := 0

  def better(n: Node, g: rational): bool = n in open => g < open[n].g

  event make(n: Node, g: rational)
    "A node is made."
    require grounded is-node: n in Node
      else "{n} is none of {size(seen)}"
    require disciplined better: better(n, g) and (n not in closed or not closed[n] <= g)
      else "{n} has g {open[n].g} in {open}"
    require declared order: n = least m in seen if m != n by rank(m)
      else "{n} comes too early"
    open[n] := (g, steps)
    simple += n
    seen += n
    trail += (n, g)
    todo += n
    later += n
    steps := steps + unit()
    when current = none
      current := n
      when phase = begin
        phase := middle

  event take(n: Node)
    require ordered best: key(open, n) = best(open) and n in bests(open)
      else "{first(bests(open))}, {top(todo)}, {front(later)}, {keys(closed)}, {values(closed)}"
    require complete all-seen: all m, c in successors(n): m in seen or c > max(closed[n] ?? 0, 1)
      else "{count(m for m in seen if m not in open)} {sum(g for _, g in trail)}"
    closed[n] := open[n].g
    open -= n
    simple -= n
    seen := {m for m in seen if any x in later: x != m}
    todo -= n
    later -= n
    trail := []
    current := none

  answer plan(n: Node)
    "The nodes of the answer."
    require disciplined early: phase = middle
      else "nothing was made before {n}"
    among
      if plan = [] then [start] else keys(successors(last(plan)))
    valid
      first(plan) = start and is_goal(last(plan)) and linked
    cost
      sum(successors(a)[b] for a, b in pairs(plan))
    optimum
      distance(start, successors, is_goal)
    follows
      chain({n: m for m, n in pairs(plan) if m = n}, start)

  def linked: bool = all a, b in pairs(plan): b in successors(a)

  end
    "Anything may be left."
    require complete done: current = none or is_goal(current)
      else "{current} was not taken"

  claim ended given cheap, one-goal: current = none or is_goal(current)
    else "{current} is left"
  claim few: size(happened(take)) <= size(distances(start, successors)) else "too many"

  lemma kept: all n in happened(take): n in closed
    else "{first(happened(take))}"

  trace sound over sink
    "One node, made and taken."
    start = 0
    hint = 1
    word = "w"
    on = true
    sum = 1
    goal = {1}
    weight = 2
    make(0, 0)
    take(0)

  trace unsound take/best at 0 over sink
    start = 0
    hint = 1
    word = "w"
    on = false
    sum = (1, "/", 2)
    goal = {0}
    take(1)
"""

MOVES = """\
procedure moves
  "An answer that is the search."
  needs size: int

  state
    at: int = 0

  event move(n: int)
    require grounded step: abs(n - at) = 1
      else "from {at} to {n} is no step"
    at := n

  answer plan of move
    "The moves are the answer."
    valid
      at = size
    cost
      size(plan)
"""

FORMAT = """\
format sink
  "All of it together."
  source "https://example.org/sink"
  grammar lab
  domain sink
  procedure sink
  set weight = -1/2
  set mode = fast

  shows make.n, plan.n as (at: int, far: bool) = (n, h(n) > 2)
  hides take, some make, make.g

  def unit(): int = if mode = fast then 2 else 1
"""
