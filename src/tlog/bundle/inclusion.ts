import { hash } from 'node:crypto'
import { isCount } from '../encoding.ts'
import type { RecordLine } from './form.ts'

/** Checks that entries are in one tree. */
export interface InclusionChecker {
  /** `proof` as in {@link RecordLine}. */
  check(entry: string, index: number, proof: string): boolean
}

/** What is known of a node on the path that was checked last: it is in the tree, and so are those beside and above it. Hashes are texts, as proofs have them. */
interface Step {
  readonly node: number
  readonly hash: string
  /** The hash beside it by the proof; undefined where nothing is beside it. */
  readonly beside: string | undefined
  /** The proof from here on, what is beside it included. */
  readonly rest: string
}

/** Tells whether all lines of a log give their numbers in the record alike: from where the log begins there, each number follows. */
export function createNumbering(): (line: Pick<RecordLine, 'log' | 'index' | 'record'>) => boolean {
  const starts = new Map<string, number>()
  return ({ log, index, record }) => {
    const start = starts.get(log) ?? record - index
    starts.set(log, start)
    return start >= 0 && record - index === start
  }
}

// A hash in base64 in quotes, and a comma.
const itemLength = 47
const [quote, comma] = [0x22, 0x2c] as const

/**
 * RFC 6962 §2.1.1, for many entries of one tree in ascending order: each path ends where it meets the one before, and from there on
 * the proofs must be the same.
 */
export function createInclusionChecker({ size, root }: { readonly size: number; readonly root: Uint8Array }): InclusionChecker {
  const levels = size <= 1 ? 0 : Math.floor(Math.log2(size - 1)) + 1
  const known: (Step | undefined)[] = []
  const rootText = Buffer.from(root).toString('base64')
  const parentOf = createParents()

  function climb(leaf: string, index: number, proof: string): boolean {
    let current = leaf
    let rest = proof
    const walked: Step[] = []
    for (let level = 0, width = 1; level < levels; level++, width *= 2) {
      const node = Math.floor(index / width)
      const isAlone = neighbourOf(node) * width >= size
      const step: Step = { node, hash: current, beside: isAlone ? undefined : itemOf(rest), rest }
      walked.push(step)
      const met = meeting(step, known[level], known[level + 1])
      if (met !== undefined) return met && keep(walked)
      if (isAlone) continue
      const parent = step.beside === undefined ? undefined : parentOf(step, step.beside)
      if (parent === undefined) return false
      rest = rest.slice(itemLength)
      current = parent
    }
    if (rest !== '' || current !== rootText) return false
    known[levels] = { node: 0, hash: current, beside: undefined, rest }
    return keep(walked)
  }

  function keep(walked: readonly Step[]): true {
    for (let level = 0; level < walked.length; level++) known[level] = walked[level]
    return true
  }

  return {
    // The hash is `leafHash`'s, without a copy of the entry.
    check: (entry, index, proof) => isCount(index) && index < size && climb(hash('sha256', `\0${entry}`, 'base64'), index, proof),
  }
}

function neighbourOf(node: number): number {
  return node % 2 === 0 ? node + 1 : node - 1
}

/** RFC 6962 §2.1: the hash of a node from the one below it and what a proof has beside that; undefined when this is no hash. */
function createParents(): (step: Step, beside: string) => string | undefined {
  const input = Buffer.alloc(65)
  input[0] = 1
  return ({ node, hash: below }, beside) => {
    const [from, other] = node % 2 === 0 ? [1, 33] : [33, 1]
    input.write(below, from, 32, 'base64')
    // One way of writing a hash counts.
    if (input.write(beside, other, 32, 'base64') !== 32 || input.toString('base64', other, other + 32) !== beside) return undefined
    return hash('sha256', input, 'base64')
  }
}

/** Where a path meets the last one, whether both say the same from there on; undefined where they do not meet. */
function meeting(step: Step, met: Step | undefined, above: Step | undefined): boolean | undefined {
  if (met === undefined) return undefined
  if (met.node === step.node) return met.hash === step.hash && met.rest === step.rest
  if (met.node !== neighbourOf(step.node)) return undefined
  return met.beside === step.hash && step.beside === met.hash && step.rest.slice(itemLength) === above?.rest
}

/** The first hash of a proof as it stands there; undefined when it is none by its length. What it is made of is looked at where it is hashed: what is found equal to one that was hashed needs no look. */
function itemOf(rest: string): string | undefined {
  const isItem = rest.charCodeAt(0) === quote && rest.charCodeAt(itemLength - 2) === quote && (rest.length === itemLength - 1 || (rest.charCodeAt(itemLength - 1) === comma && rest.charCodeAt(itemLength) === quote))
  return isItem ? rest.slice(1, itemLength - 2) : undefined
}
