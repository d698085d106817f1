import { type HeaderRecord, MemoryHeaderStore } from '../../src/chain/header-store.ts'

/** Counts how often somebody has to look into it. */
export class CountingStore extends MemoryHeaderStore {
  reads = 0
  override byHash(hash: Uint8Array): HeaderRecord | undefined {
    this.reads++
    return super.byHash(hash)
  }
  override byId(id: number): HeaderRecord | undefined {
    this.reads++
    return super.byId(id)
  }
  override mainAt(height: number): HeaderRecord | undefined {
    this.reads++
    return super.mainAt(height)
  }
  override fromHeight(height: number, below?: number): HeaderRecord[] {
    this.reads++
    return super.fromHeight(height, below)
  }
}
