/** The shortest ways through a table of states: one for every step that is allowed, which it takes last. Property tests start with them, so that chance need not find every step. */
export function walks<State, Act>(from: State, acts: readonly Act[], next: (state: State, act: Act) => State | undefined): (readonly Act[])[] {
  const ways = new Map<State, readonly Act[]>([[from, []]])
  const found: (readonly Act[])[] = []
  // A map that grows while it is read: states are visited in the order in which they were found.
  for (const [state, way] of ways) {
    for (const act of acts) {
      const to = next(state, act)
      if (to === undefined) continue
      found.push([...way, act])
      if (!ways.has(to)) ways.set(to, [...way, act])
    }
  }
  return found
}
