import { ProblemError } from '../errors.ts'
import type { OutboundHttp } from '../http/guarded-fetch.ts'
import { createAddresses } from './address.ts'
import type { DidDocument, PublicJwk, ResolvedDocument, TransparencyKeys } from './did-document.ts'
import { ownDocument } from './did-document.ts'
import { createResolver, didOf, isDidWeb } from './did-web.ts'
import { openKeys } from './keys.ts'
import type { OnKey } from './signed-claims.ts'
import { createStatementReader, createStatementSigner } from './statement.ts'
import type { AccessStatement, StatementInput } from './statement.ts'
import { createMinter, createVerifier } from './token.ts'

/** Who we are, who calls and who asks behind it. Few functions carry it, so that credentials can replace what is inside. */
export interface Identity {
  /** Our participant id: `did:web:…`. */
  readonly id: string
  /** The participant id that the header proves; 'unauthenticated' otherwise. Whether it is let in, the register says. */
  caller(authorization: string | undefined): Promise<string>
  /** A header value for calling `audience`. */
  authorization(audience: string): Promise<string>
  /** A statement of who asks for what, signed with our key, for one request: a compact JWS. */
  signStatement(input: StatementInput): Promise<string>
  /** What a statement to us says; 'statement-refused' when its signature, audience, times or form are not right. */
  readStatement(jws: string): Promise<AccessStatement>
  /** 'bad-request' when `id` cannot be a participant id. */
  checkId(id: string): void
  /** The participant's DSP base address, with the version's path and no trailing slash, found through its DID document. */
  address(id: string): Promise<string>
  /** What the participant's DID document says of its logs and its witness; one that `suffices`, if a fetch that is due brings it. */
  transparency(id: string, suffices?: (found: Transparency) => boolean): Promise<Transparency>
  /** What the public listener serves. */
  document(): DidDocument | undefined
  /** Makes a new key. The previous one stays in the document until its tokens are over. */
  rotate(): Promise<{ kid: string; previousUntil: string }>
}

/** The keys of a participant's logs and of its witness, and where that is. None of these keys counts for tokens. */
export interface Transparency {
  readonly logKeys: readonly PublicJwk[]
  readonly witnessKeys: readonly PublicJwk[]
  readonly witness: string | undefined
}

export interface IdentityOptions {
  /** The folder of the key files. */
  readonly directory: string
  /** The address under which partners reach the public listener; our DID follows from it. */
  readonly publicUrl: string
  readonly http: OutboundHttp
  readonly clock: () => Date
  /** Whether an id is in the register. With it, tokens of strangers are refused before their DID document is fetched. */
  readonly isPartner?: (id: string) => Promise<boolean>
  /** Told of each key of another participant under which something verified; it must not wait. */
  readonly onKey?: OnKey
  /** What our document says of our logs and our witness. */
  readonly transparencyKeys?: () => TransparencyKeys
}

/** Opens our identity: `did:web` with self-issued tokens. */
export async function openIdentity(options: IdentityOptions): Promise<Identity> {
  const { http, clock, isPartner, onKey } = options
  const id = didOf(options.publicUrl)
  const root = options.publicUrl.replace(/\/+$/, '')
  const keys = await openKeys(options.directory, clock)
  const resolver = createResolver({ http, clock })
  const addressOf = createAddresses({ http, resolver, clock })
  const checkId = (other: string) => {
    if (!isDidWeb(other)) throw new ProblemError('bad-request', `'${other.slice(0, 100)}' is not a did:web identifier, such as did:web:data.example.org`)
  }
  return {
    id,
    caller: createVerifier({ id, resolver, clock, isPartner, onKey }),
    authorization: createMinter({ id, keys, clock }),
    signStatement: createStatementSigner({ id, keys, clock }),
    readStatement: createStatementReader({ id, resolver, clock, isPartner, onKey }),
    checkId,
    address: async (other) => {
      checkId(other)
      return addressOf(other)
    },
    transparency: async (other, suffices = () => true) => {
      checkId(other)
      return transparencyIn(await resolver.resolveFor(other, (document) => suffices(transparencyIn(document))))
    },
    document: () => ownDocument(id, root, keys.published(), options.transparencyKeys?.()),
    rotate: async () => {
      const { thumbprint, previousUntil } = await keys.rotate()
      return { kid: `${id}#${thumbprint}`, previousUntil: previousUntil.toISOString() }
    },
  }
}

function transparencyIn({ logKeys, witnessKeys, services }: ResolvedDocument): Transparency {
  return { logKeys, witnessKeys, witness: services.find(({ type }) => type === 'TlogWitness')?.serviceEndpoint.replace(/\/+$/, '') }
}
