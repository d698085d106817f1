import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { openSqlite } from '../../src/node/sqlite.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { differences } from '../host/fresh-index.ts'
import { filterRows, freshFilterRows } from '../ledger/filter-rows.ts'
import { poll, pollFor } from '../poll.ts'
import { Program } from '../program.ts'
import { ChainMaker, coinbaseCoin, type MadeBlock, OP_TRUE, spend } from '../sim/chain-maker.ts'
import { SeededRandom } from '../sim/random.ts'
import { TcpPeerServer } from '../sim/tcp-peer.ts'

/** `CAUSEWAY_KILLS` makes a campaign of it. */
const KILLS = Number(process.env.CAUSEWAY_KILLS ?? 15)
/** Within this each kill, restart included, on a machine that has other things to do. */
const MS_PER_KILL = 8000
/** When it is let live it may be hundreds of blocks behind, but it goes on: a commit comes every 5 s at the latest. */
const STANDSTILL_MS = 20_000
/** Of its log, and of its headers from the tip up, when it does not. */
const SHOWN_LINES = 30
const SHOWN_HEADERS = 8
/** Blocks that are there from the start, so that the first kills fall into an initial download. */
const BEFORE = 250
const MATURITY = 100

/** A chain that spends, and now and then leaves its last block for another branch. */
class Miner {
  readonly #maker: ChainMaker
  readonly #random: SeededRandom
  readonly #coinbases: MadeBlock[] = []

  constructor(seed: number) {
    this.#maker = new ChainMaker({ seed })
    this.#random = new SeededRandom(seed)
  }

  get tip(): MadeBlock {
    return this.#maker.tip
  }

  chain(): MadeBlock[] {
    return this.#maker.chain()
  }

  /** One block, or two that replace the last. */
  mine(): MadeBlock[] {
    const parent =
      this.tip.height > MATURITY + 10 && this.#random.chance(0.1) ? this.#maker.find(this.tip.prev)! : this.tip
    if (parent === this.tip) return [this.#block(parent)]
    this.#coinbases.pop()
    const first = this.#block(parent)
    return [first, this.#block(first)]
  }

  #block(parent: MadeBlock): MadeBlock {
    const ripe =
      this.#coinbases[0] && parent.height - this.#coinbases[0].height >= MATURITY ? this.#coinbases.shift() : undefined
    const transactions = ripe ? [this.#spendOf(ripe)] : []
    const block = this.#maker.mine(1, { transactions }, parent)[0]!
    this.#coinbases.push(block)
    return block
  }

  /** In two parts. The subsidy is halved every 150 blocks: a long campaign's last coinbases are worth little. */
  #spendOf(ripe: MadeBlock): Uint8Array {
    const coin = coinbaseCoin(ripe, this.#maker)
    const third = Math.floor(coin.valueSat / 3)
    const outputs = [third, coin.valueSat - third].map((valueSat) => ({ valueSat, script: OP_TRUE }))
    return spend([coin], outputs)
  }
}

/** Waits for a height as long as there is progress. */
async function reach(height: number, tipHeight: () => Promise<number>): Promise<void> {
  for (let stood = await tipHeight(); stood !== height; ) {
    const from = stood
    stood = await poll(
      `it goes on from ${from} to ${height}`,
      async () => (await tipHeight()) !== from && tipHeight(),
      {
        within: STANDSTILL_MS,
      },
    )
  }
}

/** Where a node stands, for whoever has to find out why it does not go on. */
function standingOf(program: Program): string {
  const file = openSqlite(join(program.data, 'ledger.sqlite'), { readOnly: true })
  const rows = (query: string) => JSON.stringify(file.sql.exec(query).raw().toArray())
  const lines = [
    `best header: ${rows('SELECT max(height) FROM header WHERE status & 1')}`,
    `from the tip up [height, id, status]: ${rows(`SELECT height, id, status FROM header
       WHERE height >= (SELECT max(height) FROM best) ORDER BY height, id LIMIT ${SHOWN_HEADERS}`)}`,
    `blocks that are not here: ${rows('SELECT count(*), min(height) FROM header WHERE status & 1 AND NOT status & 2')}`,
    `blocks that were refused: ${rows('SELECT count(*), min(height) FROM header WHERE status & 4')}`,
    ...program.log.slice(-SHOWN_LINES).map((entry) => JSON.stringify(entry)),
  ]
  file.close()
  return lines.join('\n')
}

test(
  `whatever was acknowledged survives ${KILLS} kills at random moments, and the index is as one built afresh`,
  async () => {
    const seed = Date.now() % 1_000_000
    const random = new SeededRandom(seed)
    const miner = new Miner(seed)
    while (miner.tip.height < BEFORE) miner.mine()
    const data = mkdtempSync(join(tmpdir(), 'causeway-kill-'))
    // Every connection's peer starts with what there is by then.
    const blocks = miner.chain().map(({ bytes }) => bytes)
    const peers = await TcpPeerServer.listen({ blocks })
    const program = await Program.start(['node', '--network', 'regtest', '--connect', `127.0.0.1:${peers.port}`], {
      data,
    })
    const tipHeight = async () => Number(await program.text('/api/blocks/tip/height'))
    let acknowledged = 0
    let moved = 0
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const until = Date.now() + 20 + random.below(700)
        const before = acknowledged
        while (Date.now() < until) {
          for (const { bytes } of miner.mine()) {
            blocks.push(bytes)
            for (const tcp of peers.connections) if (!tcp.closed) tcp.send(tcp.peer.mined(bytes))
          }
          acknowledged = Math.max(acknowledged, await tipHeight())
          await sleep(random.below(20))
        }
        if (acknowledged > before) moved++
        await program.kill()
        await program.restart()
        expect(program.logged('a block breaks a rule'), `seed ${seed}, kill ${kill}`).toEqual([])
        // A branch that replaces the last block is one longer, so the height never falls below what was told.
        expect(await tipHeight(), `seed ${seed}, kill ${kill}`).toBeGreaterThanOrEqual(acknowledged)
      }
      await reach(miner.tip.height, tipHeight).catch((error: Error) => {
        throw new Error(`seed ${seed}: ${error.message}\n${standingOf(program)}`)
      })
      const filters = `${program.http}/rest/blockfilterheaders/basic/${toDisplay(regtest.genesisHash)}.bin?count=2000`
      await pollFor('so do its filters', async () => (await fetch(filters)).status, 200, { within: 20_000 })
      await program.stop()
      expect(moved, 'kills after progress').toBeGreaterThan(KILLS / 3)

      const file = openSqlite(join(data, 'ledger.sqlite'), { readOnly: true })
      const chain = miner.chain().map(({ bytes }) => bytes)
      expect(differences(file, regtest, chain), `seed ${seed}`).toEqual({})
      expect(filterRows(file)).toEqual(freshFilterRows(regtest, chain))
      file.close()
    } finally {
      await program.remove()
      await peers.close()
      rmSync(data, { recursive: true, force: true })
    }
  },
  60_000 + KILLS * MS_PER_KILL,
)
