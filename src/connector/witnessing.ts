import type { Audit } from '../audit/audit.ts'
import type { LogKeys } from '../audit/log/keys.ts'
import type { Outside } from '../audit/log/outside.ts'
import { createLogRouter } from '../audit/routes/log.ts'
import { createWitnessRouter } from '../audit/routes/witness.ts'
import type { WitnessAddress } from '../audit/witness/ask.ts'
import { createFeeder } from '../audit/witness/feed.ts'
import type { Feeder } from '../audit/witness/feed.ts'
import { createOutside } from '../audit/witness/outside.ts'
import { publishedCheckpoint } from '../audit/witness/published.ts'
import { inTurns } from '../audit/witness/rounds.ts'
import { createLogWitness } from '../audit/witness/serve.ts'
import { isProblem, ProblemError } from '../errors.ts'
import type { OutboundHttp } from '../http/guarded-fetch.ts'
import type { PublicJwk, TransparencyKeys } from '../identity/did-document.ts'
import { didOf, rootOf } from '../identity/did-web.ts'
import type { Identity, Transparency } from '../identity/identity.ts'
import { findPartner, listPartners } from '../identity/store.ts'
import type { Authenticate } from '../management/authentication.ts'
import type { Database } from '../persistence/database.ts'
import { signatureTypes } from '../tlog/keys.ts'
import { vkeyOf } from '../tlog/note.ts'
import type { SignatureType } from '../tlog/keys.ts'

export interface WitnessingDeps {
  readonly database: Database
  readonly audit: Audit
  readonly identity: Pick<Identity, 'id' | 'caller' | 'transparency'>
  readonly http: Pick<OutboundHttp, 'fetch'>
  readonly clock: () => Date
  readonly publicUrl: string
  readonly onError: (error: unknown) => void
  /** Witnesses beside the partners. */
  readonly witnesses: readonly WitnessAddress[]
  readonly witnessIntervalMs: number
}

/** The witness that we are, those that we have, and what is shown of our log with their signatures. */
export interface Witnessing {
  readonly feeder: Feeder
  /** The log and the witness on the public listener; `authenticate` finds out whose API token a request carries. */
  routers(authenticate: Authenticate): readonly [ReturnType<typeof createLogRouter>, ReturnType<typeof createWitnessRouter>]
  settle(): Promise<void>
  close(): Promise<void>
}

/** Joins the log and its witnesses with the register of partners and their DID documents. */
export function createWitnessing(deps: WitnessingDeps): Witnessing {
  const { audit, clock, database, http, identity, onError, publicUrl } = deps
  const record = (entry: Parameters<Audit['record']>[0]) => audit.record(entry)
  const witness = createLogWitness({
    database,
    directory: audit.directory,
    clock,
    onError,
    record,
    cosigner: audit.keys.witness.signer(witnessName(publicUrl)),
    vkey: audit.keys.witness.vkey(witnessName(publicUrl)),
    partnerOf: (origin) => partnerOf(deps, origin),
    logKeys: async ({ partner, origin }, suffice) => {
      const keysIn = ({ logKeys }: Transparency) => vkeysOf(origin, signatureTypes.ed25519, logKeys)
      return keysIn(await identity.transparency(partner, (found) => suffice(keysIn(found))))
    },
  })
  const feeder = createFeeder({ database, clock, http, onError, record, log: audit.log, directory: audit.directory, intervalMs: deps.witnessIntervalMs, witnesses: () => witnessesOf(deps) })
  const logRouter = (authenticate: Authenticate) =>
    createLogRouter({
      database,
      log: audit.log,
      published: (log) => publishedCheckpoint({ database, log: audit.log, clock }, log),
      requireReader: async (request) => requireReader(await authenticate(request)),
      partnerOf: (authorization) => registeredCaller(deps, authorization),
    })
  return {
    feeder,
    routers: (authenticate) => [logRouter(authenticate), createWitnessRouter(witness)],
    settle: async () => {
      await feeder.settle()
      await witness.settle()
    },
    close: async () => {
      await feeder.stop()
      await witness.close()
    },
  }
}

/** What our DID document says of the keys of our logs and of our witness. */
export function transparencyKeys(keys: LogKeys): TransparencyKeys {
  return { log: keys.list().map(({ publicJwk }) => publicJwk.x), witness: [keys.witness.publicJwk.x] }
}

const readers: ReadonlySet<string> = new Set(['auditor', 'operator'])

function requireReader({ role }: { role: string }): void {
  if (!readers.has(role)) throw new ProblemError('forbidden', 'Entries of the log are for auditors and operators. A partner reads its own at /log/records.')
}

/** The partner in the register whose token the header carries; 'unauthenticated' or 'forbidden' otherwise. */
async function registeredCaller({ database, identity }: Pick<WitnessingDeps, 'database' | 'identity'>, authorization: string | undefined): Promise<string> {
  const id = await identity.caller(authorization)
  if ((await findPartner(database.db, id)) === undefined) throw new ProblemError('forbidden', 'Only partners in the register read records here.')
  return id
}

/** `https://data.city.example` gives `data.city.example/witness`: the name of our witness. */
export function witnessName(publicUrl: string): string {
  return `${rootOf(didOf(publicUrl))}/witness`
}

/** The partner whose log `origin` is: `<host, port and path of its did:web>/log/<name>`. */
async function partnerOf({ database, identity }: Pick<WitnessingDeps, 'database' | 'identity'>, origin: string): Promise<string | undefined> {
  const [, root = ''] = /^(.+)\/log\/[^/]+$/.exec(origin) ?? []
  const id = idAt(root)
  // What we say of our own log counts for nothing.
  if (id === undefined || id === identity.id || rootOf(id) !== root) return undefined
  return (await findPartner(database.db, id))?.id
}

function idAt(root: string): string | undefined {
  try {
    return didOf(`https://${root}`)
  } catch (error) {
    if (isProblem(error)) return undefined
    throw error
  }
}

/** Keys of a DID document in the form of signed notes, under `name`. */
export function vkeysOf(name: string, type: SignatureType, keys: readonly PublicJwk[]): string[] {
  return keys.flatMap(({ kty, crv, x }) => {
    const raw = kty === 'OKP' && crv === 'Ed25519' ? Buffer.from(x, 'base64url') : Buffer.alloc(0)
    return raw.length === 32 ? [vkeyOf(name, type, raw)] : []
  })
}

const page = 500

/** The partners whose DID document names a witness, and those of the settings, which come first where names are the same. */
async function witnessesOf({ database, identity, witnesses }: Pick<WitnessingDeps, 'database' | 'identity' | 'witnesses'>): Promise<{ found: readonly WitnessAddress[]; unread: readonly string[] }> {
  const ids: string[] = []
  for (let last: string | undefined, more = true; more; ) {
    const partners = await listPartners(database.db, { ...(last === undefined ? {} : { after: last }), limit: page })
    ids.push(...partners.map(({ id }) => id))
    last = ids.at(-1)
    more = partners.length === page
  }
  const unread: string[] = []
  const read = await inTurns(ids, async (id) => {
    try {
      return witnessAt(id, await identity.transparency(id))
    } catch (error) {
      if (!isProblem(error)) throw error
      unread.push(id)
      return []
    }
  })
  const byName = new Map([...read.flat(), ...witnesses].map((witness) => [witness.name, witness]))
  return { found: [...byName.values()], unread }
}

/** Who is asked what is known of our logs: witnesses in the database and in the settings, and once the log is brought back to work, all that documents of partners name. */
export function outsideOf({ database, directory, http, identity, witnesses, witnessIntervalMs: intervalMs }: Pick<WitnessingDeps, 'database' | 'http' | 'witnesses' | 'witnessIntervalMs'> & { readonly directory: string; readonly identity: () => WitnessingDeps['identity'] }): Outside {
  const found = async () => (await witnessesOf({ database, identity: identity(), witnesses })).found
  return createOutside({ database, directory, http, configured: witnesses, intervalMs, found })
}

function witnessAt(id: string, { witness, witnessKeys }: Transparency): WitnessAddress[] {
  const name = `${rootOf(id)}/witness`
  const vkeys = vkeysOf(name, signatureTypes.cosignature, witnessKeys)
  return witness === undefined || vkeys.length === 0 ? [] : [{ name, vkeys, url: witness, partner: id }]
}
