import type { Random } from '../helpers/random.ts'

type Json = unknown

/** Stands for a value nested so deep that it can only be written as text. */
const deep = '\u2026deep\u2026'

const texts = [
  '', ' ', '\u0000', 'a\u0000b', '\ud800', '\udfff\ud800', '\ufeff', '\u202e\u0645\u0631\u062d\u0628\u0627', '\u{1f469}\u200d\u{1f680}', 'e\u0301'.repeat(50), '%00', '%', '%ff', '..', '../../../../etc/passwd',
  '..%2f..%2fetc%2fpasswd', 'C:\\Windows\\win.ini', "'; drop table negotiation; --", '" or 1=1 --', '$1', '$(id)', '`id`', '{{7*7}}', '<script>alert(1)</script>', 'null', 'undefined', 'NaN', '__proto__', 'constructor', 'toString',
  'http://169.254.169.254/latest/meta-data', 'http://127.0.0.1:1/', 'http://[::1]/', 'http://localhost:0/', 'file:///etc/passwd', 'gopher://x', 'javascript:alert(1)', '//evil.example', 'http://user:pass@localhost/', 'https://xn--nxasmq6b.example',
  'urn:uuid:00000000-0000-0000-0000-000000000000', 'did:web:', 'did:web:localhost', 'did:key:z6Mk', '2026-13-45T99:99:99Z', '0000-00-00T00:00:00Z', '9'.repeat(400), '-1', '1e309', 'true', 'ContractRequestMessage', 'HttpData-PULL', 'HttpData-PUSH', 'HttpData-Nothing', 'FINALIZED', 'ACCEPTED', 'TERMINATED',
] as const

const values: readonly Json[] = [null, true, false, 0, -0, -1, 1.5, 1e308, -1e308, 2 ** 53, 2 ** 31, 2 ** 63, [], {}, [[]], [null], [{}], { '@value': 'x' }, { '@id': 'x' }, { __proto__: null }, { constructor: { prototype: {} } }]

/** A text that is likely to be handled badly. */
export function oddText(random: Random): string {
  if (random.chance(0.05)) return random.pick(['x', '\u00e9', '\u{1f469}', '"', '\\']).repeat(random.between(1_000, 60_000))
  return random.pick(texts)
}

/** Changes a JSON value at a few random places; gives its text, which may no longer be JSON. */
export function mutateJson(value: Json, random: Random, others: readonly string[]): string {
  let changed: Json = structuredClone(value)
  for (let times = random.between(1, 3); times > 0; times--) changed = mutateOnce(changed, random, others)
  let text = JSON.stringify(changed) ?? ''
  if (text.includes(deep)) {
    const [open, close] = random.pick([['[', ']'], ['{"a":', '}']] as const)
    const levels = random.pick([20, 49, 50, 51, 60, 1_000, 20_000])
    text = text.replaceAll(`"${deep}"`, () => open.repeat(levels) + (open === '[' ? '' : '1') + close.repeat(levels))
  }
  if (random.chance(0.06)) text = duplicateKey(text, random)
  return text
}

function mutateOnce(value: Json, random: Random, others: readonly string[]): Json {
  if (isContainer(value) && !random.chance(0.08)) {
    const keys = Object.keys(value)
    if (keys.length > 0 && !random.chance(0.15)) return changeInside(value, random.pick(keys), random, others)
    return extend(value, random, others)
  }
  return replacement(value, random, others)
}

function changeInside(value: object, key: string, random: Random, others: readonly string[]): Json {
  const inner: Json = Object.getOwnPropertyDescriptor(value, key)?.value
  const next = (made: Json): Json => (Array.isArray(value) ? value.map((item: Json, place) => (String(place) === key ? made : item)) : { ...value, [key]: made })
  const without = (): Json => (Array.isArray(value) ? value.filter((_, place) => String(place) !== key) : Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)))
  const choice = random.number()
  if (choice < 0.12) return without()
  if (choice < 0.18 && !Array.isArray(value)) return { ...Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)), [random.pick([key.toUpperCase(), `${key} `, `dspace:${key}`, '__proto__x', oddText(random)])]: inner }
  if (choice < 0.65 && isContainer(inner)) return next(mutateOnce(inner, random, others))
  return next(replacement(inner, random, others))
}

function extend(value: object, random: Random, others: readonly string[]): Json {
  const extra = replacement(undefined, random, others)
  if (Array.isArray(value)) return random.chance(0.3) ? Array.from({ length: random.pick([2, 100, 3_000]) }, () => extra) : [...value, extra]
  return { ...value, [oddText(random).slice(0, 2_000)]: extra }
}

function replacement(value: Json, random: Random, others: readonly string[]): Json {
  const choice = random.number()
  if (choice < 0.04) return deep
  if (choice < 0.25 && others.length > 0) return random.pick(others)
  if (choice < 0.6) return oddText(random)
  if (choice < 0.68) return [value]
  if (choice < 0.74 && typeof value === 'string') return value + oddText(random)
  if (choice < 0.78) return typeof value === 'number' ? String(value) : random.between(-5, 5)
  return random.pick(values)
}

function isContainer(value: Json): value is object {
  return typeof value === 'object' && value !== null
}

function duplicateKey(text: string, random: Random): string {
  const place = text.indexOf('{')
  const key = random.pick(['@type', '@id', 'providerPid', 'consumerPid', 'offer', '\\u0040type'])
  return place < 0 ? text : `${text.slice(0, place + 1)}"${key}":${random.pick(['"x"', 'null', '1'])},${text.slice(place + 1)}`
}

/** Changes bytes: turned, dropped, repeated, cut off, put in. */
export function mutateBytes(bytes: Buffer, random: Random): Buffer {
  let changed = Buffer.from(bytes)
  for (let times = random.between(1, 5); times > 0; times--) {
    const at = random.between(0, Math.max(0, changed.length - 1))
    const length = random.between(1, 20)
    const [before, after] = [changed.subarray(0, at), changed.subarray(at)]
    const choice = random.between(0, 5)
    if (choice === 0 && changed.length > 0) changed[at] = random.between(0, 255)
    else if (choice === 1) changed = Buffer.concat([before, after.subarray(length)])
    else if (choice === 2) changed = Buffer.concat([before, after.subarray(0, length), after])
    else if (choice === 3) changed = before
    else if (choice === 4) changed = Buffer.concat([before, Buffer.from(Array.from({ length }, () => random.between(0, 255))), after])
    else changed = Buffer.concat([random.pick([Buffer.from('\ufeff'), Buffer.from([0xff, 0xfe]), Buffer.from([0xc0, 0x80]), Buffer.from('\u0000')]), changed])
  }
  return changed
}
