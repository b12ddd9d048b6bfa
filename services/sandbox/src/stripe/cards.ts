/** How a card answers: at its first charge, and once it was kept and is charged again. */
export interface CardBehaviour {
  /** Stripe's stand-in for the card among payment methods. */
  token: string;
  number: string;
  label: string;
  brand: 'visa' | 'mastercard';
  first: Answer;
  kept: Answer;
  /** How a refund to it ends; left out = at once. */
  refund?: 'succeeds_later' | 'fails_later';
  /** The reason of the dispute that follows every charge; left out = none. */
  dispute?: string;
}

export type Answer = 'succeeds' | 'requires_action' | 'generic_decline' | 'insufficient_funds' | 'expired_card';

const VISA: CardBehaviour = {
  token: 'pm_card_visa',
  number: '4242424242424242',
  label: 'succeeds',
  brand: 'visa',
  first: 'succeeds',
  kept: 'succeeds',
};

/** Stripe's own test cards. */
export const CARDS: readonly CardBehaviour[] = [
  VISA,
  { ...VISA, token: 'pm_card_mastercard', number: '5555555555554444', brand: 'mastercard' },
  {
    ...VISA,
    token: 'pm_card_chargeCustomerFail',
    number: '4000000000000341',
    label: 'succeeds once, declined when charged again',
    kept: 'generic_decline',
  },
  {
    ...VISA,
    token: 'pm_card_authenticationRequiredOnSetup',
    number: '4000002500003155',
    label: '3-D Secure until it is kept',
    first: 'requires_action',
  },
  {
    ...VISA,
    token: 'pm_card_authenticationRequired',
    number: '4000002760003184',
    label: '3-D Secure at every charge',
    first: 'requires_action',
    kept: 'requires_action',
  },
  {
    ...VISA,
    token: 'pm_card_chargeDeclined',
    number: '4000000000000002',
    label: 'declined',
    first: 'generic_decline',
    kept: 'generic_decline',
  },
  {
    ...VISA,
    token: 'pm_card_chargeDeclinedInsufficientFunds',
    number: '4000000000009995',
    label: 'insufficient funds',
    first: 'insufficient_funds',
    kept: 'insufficient_funds',
  },
  {
    ...VISA,
    token: 'pm_card_chargeDeclinedExpiredCard',
    number: '4000000000000069',
    label: 'expired',
    first: 'expired_card',
    kept: 'expired_card',
  },
  {
    ...VISA,
    token: 'pm_card_pendingRefund',
    number: '4000000000007726',
    label: 'succeeds; a refund is pending first',
    refund: 'succeeds_later',
  },
  {
    ...VISA,
    token: 'pm_card_refundFail',
    number: '4000000000005126',
    label: 'succeeds; a refund fails later',
    refund: 'fails_later',
  },
  {
    ...VISA,
    token: 'pm_card_createDispute',
    number: '4000000000000259',
    label: 'succeeds; disputed as fraudulent',
    dispute: 'fraudulent',
  },
  {
    ...VISA,
    token: 'pm_card_createDisputeProductNotReceived',
    number: '4000000000002685',
    label: 'succeeds; disputed as not received',
    dispute: 'product_not_received',
  },
];

export const DEFAULT_CARD = VISA;

export const cardBy = (token: string): CardBehaviour | undefined =>
  CARDS.find((card) => card.token === token || card.number === token.replaceAll(' ', ''));
