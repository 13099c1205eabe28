import aggregatesOnly from '../../../policies/ready-made/aggregates-only.json' with { type: 'json' }
import exceptionalNeed from '../../../policies/ready-made/exceptional-need.json' with { type: 'json' }
import httpApi from '../../../policies/ready-made/http-api.json' with { type: 'json' }
import mobilityParkingZones from '../../../policies/ready-made/mobility-parking-zones.json' with { type: 'json' }
import municipalRoles from '../../../policies/ready-made/municipal-roles.json' with { type: 'json' }
import noOnwardSharing from '../../../policies/ready-made/no-onward-sharing.json' with { type: 'json' }
import openData from '../../../policies/ready-made/open-data.json' with { type: 'json' }
import paidAccess from '../../../policies/ready-made/paid-access.json' with { type: 'json' }
import publicOwnership from '../../../policies/ready-made/public-ownership.json' with { type: 'json' }
import quota from '../../../policies/ready-made/quota.json' with { type: 'json' }
import rentalContracts from '../../../policies/ready-made/rental-contracts.json' with { type: 'json' }
import research from '../../../policies/ready-made/research.json' with { type: 'json' }
import statisticsByPurpose from '../../../policies/ready-made/statistics-by-purpose.json' with { type: 'json' }
import timeLimitedPilot from '../../../policies/ready-made/time-limited-pilot.json' with { type: 'json' }
import trustedPartners from '../../../policies/ready-made/trusted-partners.json' with { type: 'json' }
import { ProblemError } from '../../errors.ts'
import { readReadyMade } from './ready-made.ts'
import type { ReadyMade } from './ready-made.ts'

/** The policies of `policies/ready-made/`, from the freest to the most particular. */
export const readyMadePolicies: readonly ReadyMade[] = [
  openData,
  statisticsByPurpose,
  aggregatesOnly,
  timeLimitedPilot,
  research,
  municipalRoles,
  quota,
  publicOwnership,
  mobilityParkingZones,
  rentalContracts,
  exceptionalNeed,
  noOnwardSharing,
  httpApi,
  trustedPartners,
  paidAccess,
].map(readReadyMade)

/** The ready-made policy of this name; another name is refused with those there are ('not-found'). */
export function readyMadePolicy(id: string): ReadyMade {
  const found = readyMadePolicies.find((each) => each.id === id)
  if (found !== undefined) return found
  throw new ProblemError('not-found', `There is no ready-made policy ${JSON.stringify(id)}. There are ${readyMadePolicies.map((each) => each.id).join(', ')}.`)
}
