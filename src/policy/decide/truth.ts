import type { PolicyRequest, Truth, World } from '../decision.ts'

/** Something that holds of a request in a world, or does not, or is not known. */
export type Test = (request: PolicyRequest, world: World) => Truth

export const always: Test = () => true

/** All hold: false as soon as one does not, whatever is unknown. */
export function allOf(tests: readonly Test[]): Test {
  const [first, second] = tests
  if (first === undefined) return always
  if (second === undefined) return first
  return (request, world) => {
    let truth: Truth = true
    for (const test of tests) {
      const each = test(request, world)
      if (each === false) return false
      if (each === null) truth = null
    }
    return truth
  }
}

/** Any holds: true as soon as one does, whatever is unknown. */
export function anyOf(tests: readonly Test[]): Test {
  const [first, second] = tests
  if (first !== undefined && second === undefined) return first
  return (request, world) => {
    let truth: Truth = false
    for (const test of tests) {
      const each = test(request, world)
      if (each === true) return true
      if (each === null) truth = null
    }
    return truth
  }
}

/** Exactly one holds: false as soon as two do. */
export function oneOf(tests: readonly Test[]): Test {
  return (request, world) => {
    let holding = 0
    let unknown = false
    for (const test of tests) {
      const each = test(request, world)
      if (each === true && ++holding === 2) return false
      if (each === null) unknown = true
    }
    return unknown ? null : holding === 1
  }
}

/** Not. */
export function negated(truth: Truth): Truth {
  return truth === null ? null : !truth
}
