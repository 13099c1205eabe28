import { isProblem, ProblemError } from '../../errors.ts'
import { spanOf } from '../calendar.ts'
import { compilePolicy } from './compile.ts'
import type { CompiledPolicy } from './compile.ts'
import type { DutyTiming } from './compile-rule.ts'
import type { ContextValue, DecisionReport, PolicyRequest, World } from '../decision.ts'
import { isObject, listAt, objectAt, textAt, wrong } from '../read/json-document.ts'
import type { JsonObject } from '../read/json-document.ts'
import type { Policy } from '../model.ts'
import { expandPrefix, termIri } from '../read/names.ts'
import { xsdIri } from '../profile.ts'
import { purposesAbove } from '../purposes.ts'
import { readJsonLd } from '../read/read-json-ld.ts'
import { hasKnownContext, readPolicy } from '../read/read.ts'

export interface DecideOptions {
  /** What `world.now` is when the document does not say. */
  readonly now?: Date
  /** Reads and compiles policies; given to decide many documents about the same ones. */
  readonly compile?: (document: unknown, timing: DutyTiming) => Promise<CompiledPolicy>
}

const documentKeys = new Set(['policy', 'request', 'world', 'dutyTiming'])
const requestKeys = new Set(['action', 'target', 'assignee', 'context'])
const worldKeys = new Set(['now', 'agreedAt', 'partOf', 'fulfilled', 'violated'])

/**
 * Decides the request of a JSON document under its policy in its world, and tells every rule's state and every constraint's truth.
 * Sets, offers and agreements are decided alike. What belongs to what is what `world.partOf` says, and the hierarchy of DPV's purposes.
 * Refused: what is not such a document ('bad-request'), and policies that are not valid or have what is not known here.
 */
export async function decideDocument(document: unknown, options: DecideOptions = {}): Promise<DecisionReport> {
  const given = known(objectAt(document, ''), '', documentKeys)
  const timing = timingOf(given['dutyTiming'])
  const request = requestOf(known(objectAt(given['request'], '/request'), '/request', requestKeys))
  if (given['policy'] === undefined) return wrong('/policy', 'must be there')
  const world = worldOf({ ...agreedWith(given['policy']), ...known(objectAt(given['world'] ?? {}, '/world'), '/world', worldKeys) }, options.now)
  const compiled = await (options.compile ?? compileDocument)(given['policy'], timing)
  return compiled.report(request, world)
}

/** An agreement of DSP says itself when it was made. */
function agreedWith(policy: unknown): JsonObject {
  return isObject(policy) && typeof policy['timestamp'] === 'string' ? { agreedAt: policy['timestamp'] } : {}
}

async function compileDocument(document: unknown, dutyTiming: DutyTiming): Promise<CompiledPolicy> {
  return compilePolicy(await readDocument(document), { dutyTiming })
}

/** Compiles policies, and keeps the last of them: of many documents in a row most are about the same policy. */
export function createPolicyCompiler(kept = 100): NonNullable<DecideOptions['compile']> {
  const cache = new Map<string, CompiledPolicy>()
  return async (document, timing) => {
    const key = timing + JSON.stringify(document)
    const before = cache.get(key)
    const compiled = before ?? (await compileDocument(document, timing))
    cache.delete(key)
    cache.set(key, compiled)
    const [oldest] = cache.keys()
    if (cache.size > kept && oldest !== undefined) cache.delete(oldest)
    return compiled
  }
}

/** Reads a policy whatever contexts it has: without its own at once, else as JSON-LD. */
export async function readDocument(document: unknown): Promise<Policy> {
  if (isPlain(document)) return readPolicy(document, '/policy')
  try {
    return await readJsonLd(document)
  } catch (error) {
    if (isProblem(error)) throw new ProblemError(error.code, error.message.startsWith('/') ? `/policy${error.message}` : error.message, { fields: error.fields, cause: error })
    throw error
  }
}

function isPlain(document: unknown): boolean {
  return isObject(document) && !('@graph' in document) && hasKnownContext(document)
}

function known(object: JsonObject, at: string, keys: ReadonlySet<string>): JsonObject {
  const strange = Object.keys(object).find((key) => !keys.has(key))
  return strange === undefined ? object : wrong(`${at}/${strange.slice(0, 100)}`, `is not known; known are ${[...keys].join(', ')}`)
}

function timingOf(value: unknown): DutyTiming {
  if (value === undefined || value === 'before' || value === 'eventually') return value ?? 'before'
  return wrong('/dutyTiming', 'must be "before" or "eventually"')
}

function requestOf(request: JsonObject): PolicyRequest {
  const name = (key: string) => (request[key] === undefined ? undefined : expandPrefix(textAt(request[key], `/request/${key}`)))
  const target = name('target')
  const assignee = name('assignee')
  const context = Object.entries(objectAt(request['context'] ?? {}, '/request/context')).filter(([, value]) => value !== null)
  return {
    action: termIri(textAt(request['action'], '/request/action')),
    ...(target === undefined ? {} : { target }),
    ...(assignee === undefined ? {} : { assignee }),
    context: new Map(context.map(([key, value]) => [termIri(key), contextValue(value, `/request/context/${key.slice(0, 100)}`)])),
  }
}

function contextValue(value: unknown, at: string): ContextValue {
  return Array.isArray(value) ? value.map((each, index) => scalar(each, `${at}/${index}`)) : scalar(value, at)
}

function scalar(value: unknown, at: string): string | number | boolean {
  if (typeof value === 'string') return expandPrefix(value)
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (isObject(value) && Object.keys(value).every((key) => key === '@id' || key === '@value' || key === '@type')) {
    const inner = value['@id'] ?? value['@value']
    if (typeof inner === 'string') return '@id' in value ? expandPrefix(inner) : inner
    if (typeof inner === 'number' || typeof inner === 'boolean') return inner
  }
  return wrong(at, 'must be a text, a number, a boolean, {"@id"} or {"@value"}, or a list of them')
}

function worldOf(world: JsonObject, now: Date | undefined): World {
  const agreedAt = world['agreedAt'] === undefined ? undefined : instantAt(world['agreedAt'], '/world/agreedAt')
  return {
    now: world['now'] === undefined ? (now ?? wrong('/world/now', 'must be the time of the request')) : instantAt(world['now'], '/world/now'),
    ...(agreedAt === undefined ? {} : { agreedAt }),
    partOf: membership(world['partOf']),
    fulfilled: idsAt(world['fulfilled'], '/world/fulfilled'),
    violated: idsAt(world['violated'], '/world/violated'),
  }
}

function instantAt(value: unknown, at: string): Date {
  const text = textAt(value, at)
  return spanOf({ value: text, datatype: `${xsdIri}dateTime` })?.first ?? wrong(at, 'must be a time such as 2026-12-31T23:59:59Z')
}

function idsAt(value: unknown, at: string): ReadonlySet<string> {
  return new Set(listAt(value ?? [], at).map((each, index) => expandPrefix(textAt(each, `${at}/${index}`))))
}

/** What everything belongs to, all the way up; circles do no harm. */
function membership(value: unknown): World['partOf'] {
  const direct = new Map<string, string[]>()
  for (const [index, pair] of listAt(value ?? [], '/world/partOf').entries()) {
    const at = `/world/partOf/${index}`
    const names = listAt(pair, at)
    if (names.length !== 2) return wrong(at, 'must be [member, collection]')
    const [member, collection] = names.map((each, place) => expandPrefix(textAt(each, `${at}/${place}`)))
    if (member === undefined || collection === undefined) continue
    const above = direct.get(member)
    if (above === undefined) direct.set(member, [collection])
    else above.push(collection)
  }
  const reached = new Map<string, ReadonlySet<string>>()
  return (member) => {
    const before = reached.get(member)
    if (before !== undefined) return before
    const found = new Set([member])
    for (const each of found) for (const above of [...(direct.get(each) ?? []), ...purposesAbove(each)]) found.add(above)
    reached.set(member, found)
    return found
  }
}
