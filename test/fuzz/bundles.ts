import { isProblem } from '../../src/errors.ts'
import { verifyBundle } from '../../src/tlog/bundle/verify.ts'
import type { Random } from '../helpers/random.ts'
import { filesOf, parts, zipOf } from '../tlog/bundle/test-bundle.ts'
import { mutateBytes } from './mutate.ts'

const mostMs = 5_000
/** How often a verifier may read a bundle over. */
const mostTimesRead = 60

const files = filesOf(parts())
const whole = zipOf(files)

/** Verifies evidence that was changed: gives what is wrong with how that went. */
export async function judgeBundle(random: Random): Promise<string | undefined> {
  const { bytes, how } = random.chance(0.4) ? await packedAnew(random) : changed(await whole, random)
  if (bytes.equals(await whole)) return undefined
  const started = performance.now()
  let read = 0
  const source = {
    size: bytes.length,
    read: async (offset: number, length: number) => {
      read += length
      if (offset < 0 || length < 0 || offset + length > bytes.length) throw new Error(`it reads ${length} bytes at ${offset} of ${bytes.length}`)
      return bytes.subarray(offset, offset + length)
    },
  }
  try {
    const { holds } = await verifyBundle(source)
    if (holds) return `evidence that was changed (${how}) is verified: ${bytes.toString('base64').slice(0, 200)}`
  } catch (error) {
    if (!isProblem(error)) return `evidence that was changed (${how}) makes the verifier fail: ${Error.isError(error) ? error.stack : String(error)}`
  }
  const took = performance.now() - started
  if (took > mostMs) return `evidence that was changed (${how}) takes ${Math.round(took)} ms`
  return read > mostTimesRead * bytes.length + 1_000_000 ? `evidence of ${bytes.length} bytes that was changed (${how}) is read for ${read} bytes` : undefined
}

interface Changed {
  readonly bytes: Buffer
  readonly how: string
}

function changed(bytes: Buffer, random: Random): Changed {
  const at = random.between(0, bytes.length - 1)
  return random.pick<() => Changed>([
    () => {
      const flipped = Buffer.from(bytes)
      flipped.writeUInt8((flipped[at] ?? 0) ^ (1 << random.between(0, 7)), at)
      return { bytes: flipped, how: `bit of byte ${at}` }
    },
    () => ({ bytes: Buffer.from(bytes.subarray(0, at)), how: `cut off at ${at}` }),
    () => {
      const [first, second] = [at, random.between(0, bytes.length)].toSorted((a, b) => a - b)
      return { bytes: Buffer.concat([bytes.subarray(second), bytes.subarray(first, second), bytes.subarray(0, first)]), how: `parts turned at ${first} and ${second}` }
    },
    () => ({ bytes: Buffer.concat([bytes, bytes.subarray(at)]), how: `repeated from ${at}` }),
    () => ({ bytes: mutateBytes(bytes, random), how: 'bytes' }),
    () => {
      // Sizes and offsets of the archive stand in four bytes.
      const grown = Buffer.from(bytes)
      grown.writeUInt32LE(random.pick([0xffff_ffff, 0xffff_fffe, 0x8000_0000, 0x7fff_ffff, bytes.length, 0]), Math.min(at, bytes.length - 4))
      return { bytes: grown, how: `number at ${at}` }
    },
  ])()
}

/** A file inside is another one; the archive around it is right, so that what reads the file is reached. */
async function packedAnew(random: Random): Promise<Changed> {
  const names = [...files.keys()]
  const name = random.pick(names)
  const [content, other] = [Buffer.from(files.get(name) ?? ''), Buffer.from(files.get(random.pick(names)) ?? '')]
  const lines = content.toString('utf8').split('\n')
  const made = random.pick<() => Buffer>([
    () => mutateBytes(content, random),
    () => other,
    () => Buffer.alloc(0),
    () => Buffer.from(lines.toReversed().join('\n')),
    () => Buffer.from(lines.filter(() => random.chance(0.8)).join('\n')),
    () => Buffer.from(content.toString('utf8').replaceAll(/\d+/g, (number) => (random.chance(0.1) ? random.pick(['0', '-1', '9007199254740993', '1e400', '99999999999']) : number))),
    () => Buffer.from(`${'['.repeat(50_000)}${']'.repeat(50_000)}`),
    () => Buffer.from(content.toString('utf8').replaceAll(/"[^"]*"/g, (text) => (random.chance(0.02) ? 'null' : text))),
  ])()
  const packed = new Map(files)
  if (random.chance(0.1)) packed.delete(name)
  else packed.set(random.chance(0.05) ? 'extra/file.txt' : name, made)
  return { bytes: await zipOf(new Map([...packed].toSorted(([a], [b]) => (a < b ? -1 : 1)))), how: `the file ${name}` }
}
