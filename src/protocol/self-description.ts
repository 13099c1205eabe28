import { Router } from 'express'
import type { Identity } from '../identity/identity.ts'
import { answer } from './exchange.ts'

/** The version of the Dataspace Protocol that is spoken here, and where. */
export const protocolVersion = '2025-1'
export const protocolPath = `/dsp/${protocolVersion}`

/** What anybody may read without a token: the version document and the DID document. */
export function selfDescriptionRoutes(deps: { identity: Pick<Identity, 'id' | 'document'> }): Router {
  const router = Router({ caseSensitive: true })
  // DSP 2025-1, common protocol §1.3: unversioned, unauthenticated; a path is relative to where the document was found.
  router.get('/.well-known/dspace-version', (_, response) => answer(response, { status: 200, body: versions(protocolPath) }))
  router.get('/dsp/.well-known/dspace-version', (_, response) => answer(response, { status: 200, body: versions(`/${protocolVersion}`) }))

  const path = didPath(deps.identity.id)
  router.use((request, response, next) => {
    const document = request.path === path && (request.method === 'GET' || request.method === 'HEAD') ? deps.identity.document() : undefined
    if (document === undefined) return next()
    answer(response, { status: 200, body: document })
  })
  return router
}

function versions(path: string) {
  return { protocolVersions: [{ version: protocolVersion, path, binding: 'HTTPS', identifierType: 'did:web' }] }
}

// did:web method, §2.5.2: colons are slashes; without a path, the document is under .well-known.
function didPath(id: string): string | undefined {
  const [scheme, method, host, ...path] = id.split(':')
  if (scheme !== 'did' || method !== 'web' || host === undefined) return undefined
  return path.length === 0 ? '/.well-known/did.json' : `/${path.join('/')}/did.json`
}
