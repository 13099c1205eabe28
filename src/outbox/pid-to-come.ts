/**
 * Stands for a process id of the counterparty that is not known when a message is written, because the counterparty has
 * not answered the first one. Messages of a process go out in order, so it is known when this one is sent.
 */
export const pidToCome = 'urn:concordat:pid-to-come'
