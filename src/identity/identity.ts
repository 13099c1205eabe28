import type { DidDocument } from './did-document.ts'

/** Who we are and who calls. Two functions carry it, so that credentials can replace what is inside. */
export interface Identity {
  /** Our participant id: `did:web:…`. */
  readonly id: string
  /** The participant id that the header proves; 'unauthenticated' otherwise. Whether it is let in, the register says. */
  caller(authorization: string | undefined): Promise<string>
  /** A header value for calling `audience`. */
  authorization(audience: string): Promise<string>
  /** 'bad-request' when `id` cannot be a participant id. */
  checkId(id: string): void
  /** The participant's DSP base address, with the version's path and no trailing slash, found through its DID document. */
  address(id: string): Promise<string>
  /** What the public listener serves. */
  document(): DidDocument | undefined
  /** Makes a new key. The previous one stays in the document until its tokens are over. */
  rotate(): Promise<{ kid: string; previousUntil: string }>
}
