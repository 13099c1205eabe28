import { Socket } from 'node:net'

/** A socket that writes what is handed to it in one turn of the event loop at once: statements that go together make one packet. */
export class CoalescingSocket extends Socket {
  private holding = false

  override cork(): void {
    super.cork()
    if (this.holding) return
    this.holding = true
    super.cork()
    process.nextTick(() => {
      this.holding = false
      super.uncork()
    })
  }
}
