import { ProblemError } from '../errors.ts'
import { purposeIri } from '../policy/purposes.ts'

/** A legal basis: an IRI, such as one of DPV's extension for EU law. 'bad-request' naming `at` for anything else. */
export function readLegalBasis(text: string, at: string): string {
  if (/^(https?:\/\/|urn:|eli:)[\x21\x23-\x3b=\x3f-[\]_a-z~]{1,1000}$/.test(text)) return text
  throw new ProblemError('bad-request', `${at}: "${text.slice(0, 100)}" is no IRI. Write the one that the agreement names: concordat agreement show tells it.`)
}

/** A purpose as people write it: an IRI, `dpv:Name` or the bare name of one of DPV's purposes. 'bad-request' naming `at` for anything else. */
export function readPurpose(text: string, at: string): string {
  const known = purposeIri(text)
  if (known !== undefined) return known
  // An IRI that only looks like one of DPV's would never be below any purpose that a policy names.
  const foreign = /^(https?:\/\/|urn:)[\x21\x23-\x3b=\x3f-[\]_a-z~]{1,1000}$/.test(text) && !/^https?:\/\/w3id\.org\/dpv(#|\/|$)/i.test(text)
  if (foreign) return text
  throw new ProblemError('bad-request', `${at}: "${text.slice(0, 100)}" is no purpose. Write an IRI, or a name of the Data Privacy Vocabulary such as dpv:ServiceProvision or dpv:ResearchAndDevelopment.`)
}
