/** Bytes of one message on a link, whole: a content record of 16 KiB, or a reply full of records, with its envelope. */
export const messageBytesMax = 32 * 1024
/** Bytes of a transport's description of one end of a link: typed fields and up to 8 candidates need about 700. */
export const descriptionBytesMax = 1_200
/** Bytes of one late batch of candidates. */
export const candidatesBytesMax = 1_000
/** Bytes of a letter that a meeting point carries: a signed offer needs about 1,500. */
export const introductionLetterBytesMax = 4 * 1024
