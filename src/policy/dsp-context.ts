/** The one context of DSP 2025-1; always sent as an array, with nothing else in it (common protocol §1.2). */
export const dspContext = ['https://w3id.org/dspace/2025/1/context.jsonld'] as const
