package qrdesk

// RequestsAtOnce is how many pass before the rate is kept.
const RequestsAtOnce = requestsAtOnce
