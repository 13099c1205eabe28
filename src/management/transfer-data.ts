import { readLegalBasis, readPurpose } from './purpose.ts'
import type { Call, StreamedAnswer } from './operation.ts'
import { relay } from './relay.ts'
import type { RelayDeps } from './relay.ts'

type DataCall = Call<'downloadData'> | Call<'inspectData'>

/** An operator's own request for a transfer's data. With a role or a purpose, a statement goes with it. */
export async function relayData(deps: RelayDeps, method: 'GET' | 'HEAD', { path: { transferId }, query, header, caller }: DataCall): Promise<StreamedAnswer> {
  const { role, purpose, legalBasis } = query
  const unsaid = role === undefined && purpose === undefined && legalBasis === undefined
  const iris = { purpose: purpose === undefined ? undefined : readPurpose(purpose, '/query/purpose'), legalBasis: legalBasis === undefined ? undefined : readLegalBasis(legalBasis, '/query/legalBasis') }
  const stated = unsaid ? undefined : { role, ...iris, subject: ['token', caller.tokenId] }
  return relay(deps, { method, transferId, ...targetOf(query), header, actor: caller.name, stated })
}

function targetOf({ path = '', query, format, version }: DataCall['query']): { path: string; query: string } {
  const [pathname = '', ...search] = path.split('?')
  const parts = [search.join('?'), format === undefined ? '' : `format=${format}`, version === undefined ? '' : `version=${version}`, query ?? '']
  const given = parts.filter((part) => part !== '').join('&')
  return { path: pathname, query: given === '' ? '' : `?${given}` }
}
