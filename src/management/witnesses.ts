import type { WitnessState } from '../audit/witness/feed.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers, Schemas } from './operation.ts'

type WitnessHandlers = Pick<Handlers, 'listWitnesses' | 'askWitnesses'>

/** Who cosigns our log. */
export function witnessHandlers({ witnesses }: Pick<ManagementDeps, 'witnesses'>): WitnessHandlers {
  return {
    listWitnesses: async () => ({ status: 200, body: { items: (await witnesses.states()).map(shown) } }),
    askWitnesses: async () => ({ status: 200, body: { items: (await witnesses.ask()).map(shown) } }),
  }
}

function shown({ name, partner, url, vkey, origin, size, seenAt, lag, failingSince, failure, alarmedAt }: WitnessState): Schemas['Witness'] {
  return {
    name,
    url,
    vkey,
    lag,
    ...(partner === null ? {} : { partner }),
    ...(origin === null ? {} : { origin }),
    ...(size === null ? {} : { size }),
    ...(seenAt === null ? {} : { seenAt: seenAt.toISOString() }),
    ...(failingSince === null ? {} : { failingSince: failingSince.toISOString() }),
    ...(failure === null ? {} : { failure }),
    ...(alarmedAt === null ? {} : { alarmedAt: alarmedAt.toISOString() }),
  }
}
