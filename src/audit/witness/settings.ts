import { isProblem, ProblemError } from '../../errors.ts'
import { signatureTypes } from '../../tlog/keys.ts'
import { parseVkey } from '../../tlog/note.ts'
import type { WitnessAddress } from './ask.ts'

/** Witnesses beside the partners, from the text of a setting: pairs of a key (C2SP signed-note) and an address, separated by commas. */
export function readWitnesses(name: string, text: string): readonly WitnessAddress[] {
  const found = new Map<string, WitnessAddress>()
  for (const pair of text.split(',').map((part) => part.trim()).filter((part) => part !== '')) {
    const [vkey = '', address = '', ...more] = pair.split(/\s+/)
    const url = address.replace(/\/+$/, '')
    const witness = witnessOf(vkey)
    if (witness === undefined) throw refused(name, `"${vkey}" is not the key of a witness, such as witness.example+0a1b2c3d+BK…`)
    if (more.length > 0 || !isAddress(address)) throw refused(name, `beside the key of ${witness} must stand the https address before /add-checkpoint`)
    const before = found.get(witness)
    if (before !== undefined && before.url !== url) throw refused(name, `the witness ${witness} has two addresses`)
    found.set(witness, { name: witness, vkeys: [...(before?.vkeys ?? []), vkey], url, partner: null })
  }
  return [...found.values()]
}

// C2SP tlog-cosignature: a witness signs with a time. A key for plain notes would let a log's own signature count as a witness's.
function witnessOf(vkey: string): string | undefined {
  try {
    const { name, type } = parseVkey(vkey)
    return type === signatureTypes.ed25519 ? undefined : name
  } catch (error) {
    if (isProblem(error)) return undefined
    throw error
  }
}

function isAddress(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === ''
}

function refused(name: string, why: string): ProblemError {
  return new ProblemError('bad-request', `${name} lists witnesses as "key address" pairs, separated by commas: ${why}.`)
}
