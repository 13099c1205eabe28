import { hash } from 'node:crypto'
import { textOf } from './archive-reader.ts'
import type { Archive } from './archive-reader.ts'
import type { Manifest } from './form.ts'
import { canonicalText, isObject, parsed, readCanonical } from './json.ts'
import type { JsonObject } from './json.ts'
import { reasonOf } from './logs.ts'
import { hasNameTwice } from './names-twice.ts'
import type { Finding } from './report.ts'

/** Digests by which records name the agreement, hex. */
export interface AgreementDigests {
  /** Of the message that carried it. */
  readonly message: string
  /** Of its policy as canonical JSON. */
  readonly policy: string
}

/** What of an agreement is not its policy: who, about what and when. */
const beside = new Set(['@context', '@id', '@type', 'target', 'assigner', 'assignee', 'timestamp'])

/** The rules of an agreement, without its parties. */
export function policyOf(agreement: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(agreement).filter(([name]) => !beside.has(name)))
}

/** Checks that message, agreement and policy are the same agreement, and of these parties. */
export async function checkAgreement(archive: Archive, manifest: Manifest): Promise<{ findings: Finding[]; digests: AgreementDigests | undefined }> {
  try {
    const message = await textOf(archive, 'agreement/message.txt')
    const carried = parsed(message, 'agreement/message.txt')
    if (hasNameTwice(message)) return { findings: [failed('agreement', 'agreement/message.txt names a member twice, so that it says two things.')], digests: undefined }
    const agreementText = await textOf(archive, 'agreement/agreement.json')
    const policyText = await textOf(archive, 'agreement/policy.json')
    const agreement = readCanonical(agreementText, 'agreement/agreement.json')
    readCanonical(policyText, 'agreement/policy.json')
    readCanonical(await textOf(archive, 'agreement/explanation.json'), 'agreement/explanation.json')
    if (!isObject(carried) || !isObject(agreement)) return { findings: [failed('agreement', 'The message carries no agreement.')], digests: undefined }
    const findings = [sameAgreement(carried['agreement'], agreementText), ofParties(agreement, manifest), canonicalText(policyOf(agreement)) === policyText ? undefined : failed('policy', 'agreement/policy.json is not the policy of the agreement.')]
    const wrong = findings.filter((finding) => finding !== undefined)
    return {
      findings: [...(wrong.some(({ what }) => what === 'agreement') ? [] : [{ what: 'agreement' as const, holds: true, detail: { agreement: manifest.agreement, messageSha256: hash('sha256', message) } }]), ...wrong],
      digests: { message: hash('sha256', message), policy: hash('sha256', policyText) },
    }
  } catch (error) {
    return { findings: [failed('agreement', reasonOf(error))], digests: undefined }
  }
}

function sameAgreement(carried: unknown, agreementText: string): Finding | undefined {
  return canonicalText(carried) === agreementText ? undefined : failed('agreement', 'agreement/agreement.json is not the agreement in agreement/message.txt.')
}

function ofParties(agreement: JsonObject, { agreement: id, connector, partner }: Manifest): Finding | undefined {
  if (agreement['@id'] !== id) return failed('agreement', `The agreement is ${String(agreement['@id'])}, and the bundle is about ${id}.`)
  const parties = [agreement['assigner'], agreement['assignee']]
  return parties.includes(connector) && parties.includes(partner) && connector !== partner ? undefined : failed('agreement', 'The agreement is between other parties than the bundle.')
}

function failed(what: 'agreement' | 'policy', why: string): Finding {
  return { what, holds: false, detail: { why } }
}
