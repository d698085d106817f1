import { LOCKTIME_THRESHOLD, SEQUENCE_FINAL } from '../../src/script/limits.ts'
import { rate, timeOf } from './format.ts'
import { BlockLink } from './ids.tsx'
import { DateTime, Facts, Of, Section } from './parts.tsx'
import { count, fill } from './phrase.ts'
import { Say } from './say.tsx'
import type { TxOnPage } from './tx-on-page.ts'
import type { View } from './view.ts'
import { block as blockWords, tx as words } from './words.ts'

/** An input with a lower sequence says that its transaction may be replaced (BIP 125). */
const LEAST_FINAL = SEQUENCE_FINAL - 1

export function TxFacts({ v, tx }: { v: View; tx: TxOnPage }) {
  const api = `/api/tx/${tx.txidHex}`
  const { status, firstSeen, fee } = tx.info
  return (
    <div class="cols c66">
      <Section title={words.facts}>
        <Facts
          of={[
            [
              words.fee,
              tx.coinbase ? (
                words.noFee
              ) : (
                <Say
                  it={words.feeIs}
                  fee={<Figure n={fee} unit="sat" />}
                  rate={
                    <>
                      {rate((4 * fee) / tx.weight)} <Of unit="sat/vB" />
                    </>
                  }
                />
              ),
            ],
            [
              words.size,
              <Say
                it={words.sizeIs}
                size={<Figure n={tx.size} unit="B" />}
                weight={<Figure n={tx.weight} unit="WU" />}
                vsize={<Figure n={Math.ceil(tx.weight / 4)} unit="vB" />}
              />,
            ],
            [words.version, String(tx.tx.version >>> 0)],
            [words.locktime, lockTime(tx)],
            !tx.coinbase && [words.replaceable, replaceable(tx)],
            [
              words.raw,
              <>
                <a href={`${api}/hex`}>{words.rawHex}</a> · <a href={`${api}/raw`}>{words.rawBytes}</a> ·{' '}
                <a href={api}>{words.rawJson}</a>
              </>,
            ],
          ]}
        />
      </Section>
      <Section title={words.proof}>
        {status.confirmed ? (
          <Facts
            of={[
              [
                words.block,
                <BlockLink v={v} height={status.height}>
                  {count(status.height)}
                </BlockLink>,
              ],
              [words.minedAt, <Say it={blockWords.utc} time={<DateTime time={status.time} />} />],
              tx.proof && [words.place, fill(words.placeIs, { place: tx.proof.pos })],
              tx.proof && [words.branch, branch(tx.proof.branch.length)],
              tx.proof && [
                words.proofLinks,
                <>
                  <a href={`${api}/merkle-proof`}>{words.proofJson}</a> ·{' '}
                  <a href={`${api}/merkleblock-proof`}>{words.proofBlock}</a>
                </>,
              ],
            ]}
          />
        ) : (
          <>
            <p class="prose">{words.noProof}</p>
            {firstSeen !== undefined && (
              <Facts of={[[words.firstHeard, <Say it={blockWords.utc} time={<DateTime time={firstSeen} />} />]]} />
            )}
          </>
        )}
      </Section>
    </div>
  )
}

function Figure({ n, unit }: { n: number; unit: string }) {
  return (
    <>
      {count(n)} <Of unit={unit} />
    </>
  )
}

function branch(hashes: number): string {
  return hashes === 0 ? words.branchNone : fill(words.branchIs, { n: hashes })
}

function lockTime({ tx }: TxOnPage): string {
  const { lockTime: n, inputs } = tx
  if (n === 0) return words.lockNone
  if (inputs.every(({ sequence }) => sequence === SEQUENCE_FINAL)) return fill(words.lockIdle, { n })
  return n < LOCKTIME_THRESHOLD ? fill(words.lockHeight, { n }) : fill(words.lockTime, { time: timeOf(n) })
}

function replaceable({ tx, info }: TxOnPage): string {
  if (!tx.inputs.some(({ sequence }) => sequence < LEAST_FINAL)) return words.replaceableNo
  return info.status.confirmed ? words.replaceableWas : words.replaceableYes
}
