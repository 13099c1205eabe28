import { deletePartner, findPartner, insertPartner, listPartners, updatePartner } from '../identity/store.ts'
import type { Partner } from '../identity/store.ts'
import { ProblemError } from '../errors.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers, Schemas } from './operation.ts'
import { pageOf } from './page.ts'
import { etag } from './precondition.ts'

type PartnerHandlers = Pick<Handlers, 'listPartners' | 'addPartner' | 'getPartner' | 'updatePartner' | 'removePartner'>

export function partnerHandlers(deps: Pick<ManagementDeps, 'database' | 'audit' | 'clock' | 'identity' | 'http' | 'dataPlane'>): PartnerHandlers {
  return {
    listPartners: async ({ query }) => {
      const { limit, after } = pageOf(query)
      const rows = await listPartners(deps.database.db, { limit: limit + 1, ...(after === undefined ? {} : { after: decodeId(after) }) })
      const items = rows.slice(0, limit)
      const last = items.at(-1)
      return { status: 200, body: { items: items.map(show), next: rows.length > limit && last !== undefined ? encodeId(last.id) : null } }
    },
    addPartner: async ({ body, caller }) => {
      deps.identity.checkId(body.id)
      const address = checkedAddress(deps, body.address ?? null)
      const partner = await deps.database.transaction(async (tx) => {
        const added = await insertPartner(tx.db, { id: body.id, name: body.name, address, groups: body.groups ?? [] }, deps.clock())
        await deps.audit.append(tx, { type: 'partner.added', partner: added.id, name: added.name, address, groups: added.groups, actor: caller.name })
        return added
      })
      return { status: 201, headers: { Location: `/partners/${encodeURIComponent(partner.id)}`, ETag: etag(partner.version) }, body: show(partner) }
    },
    getPartner: async ({ path }) => {
      const partner = await requirePartner(deps, path.partnerId)
      return { status: 200, headers: { ETag: etag(partner.version) }, body: show(partner) }
    },
    updatePartner: async ({ path, body, ifVersion, caller }) => {
      const change = { name: body.name, groups: body.groups, ifVersion, ...(body.address === undefined ? {} : { address: checkedAddress(deps, body.address) }) }
      const partner = await deps.database.transaction(async (tx) => {
        const updated = await updatePartner(tx.db, path.partnerId, change, deps.clock())
        await deps.audit.append(tx, { type: 'partner.updated', partner: updated.id, name: updated.name, address: updated.address, groups: updated.groups, actor: caller.name })
        return updated
      })
      return { status: 200, headers: { ETag: etag(partner.version) }, body: show(partner) }
    },
    removePartner: async ({ path, ifVersion, caller }) => {
      await deps.database.transaction(async (tx) => {
        await deletePartner(tx.db, path.partnerId, ifVersion)
        await deps.dataPlane.revokePartner(tx, path.partnerId)
        await deps.audit.append(tx, { type: 'partner.removed', partner: path.partnerId, actor: caller.name })
      })
      return { status: 204 }
    },
  }
}

/** The partner in the register; 'not-found' otherwise. */
export async function requirePartner(deps: Pick<ManagementDeps, 'database'>, id: string): Promise<Partner> {
  const partner = await findPartner(deps.database.db, id)
  if (partner === undefined) throw new ProblemError('not-found', `${id} is not in the register of partners. "concordat partner add" lets it in.`)
  return partner
}

function checkedAddress(deps: Pick<ManagementDeps, 'http'>, address: string | null): string | null {
  if (address === null) return null
  return deps.http.check(address).href.replace(/\/+$/, '')
}

function encodeId(id: string): string {
  return Buffer.from(JSON.stringify(id)).toString('base64url')
}

function decodeId(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8')
  const [, id] = /^"([^"\\\p{Cc}]{1,1000})"$/u.exec(text) ?? []
  if (id === undefined) throw new ProblemError('invalid-cursor', 'The cursor is not one that this list gave. Leave it out to start from the beginning.')
  return id
}

function show(partner: Partner): Schemas['Partner'] {
  const { id, name, address, groups, version, createdAt, updatedAt } = partner
  return { id, name, address, groups, version, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() }
}
