/** Ways in which a scripted peer can misbehave, by name. */
export type Misdeed =
  | 'no-verack' // never completes the handshake
  | 'silent' // answers nothing after the handshake, pings neither
  | 'no-headers' // does not answer getheaders
  | 'no-blocks' // does not answer getdata for blocks
  | 'not-found' // claims not to have the blocks that it announced
  | 'bad-blocks' // changes a byte of each block, behind the header
  | 'bad-work' // answers getheaders with a header that shows no work
  | 'loose-headers' // answers getheaders with headers that connect to nothing
  | 'same-headers' // answers getheaders always with the first headers that it has
  | 'tall-tale' // claims a height that it does not have
  | 'no-txs' // does not answer getdata for transactions
  | 'late-wtxidrelay' // negotiates after verack
  | 'garbage' // sends bytes that are no message
