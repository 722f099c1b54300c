// The quiz at the end, as data: of each question one answer is right, and all say why they are or are not.

export interface Answer {
  readonly text: string;
  readonly right?: boolean;
  readonly reason: string;
}

export interface Question {
  readonly text: string;
  readonly answers: readonly Answer[];
}

export const questions: readonly Question[] = [
  {
    text: "What does the gradient ∂L/∂w of a weight say?",
    answers: [
      {
        text: "How large the weight should be.",
        reason:
          "It says nothing of where the weight should end, only in which direction, and how steeply, the loss changes from here.",
      },
      {
        text: "How fast the loss grows when the weight grows a little, all else left alone.",
        right: true,
        reason: "It is the slope of the loss along this weight, at the place where all weights are now.",
      },
      {
        text: "How much of the output comes from this weight.",
        reason: "That would be the weight times its input. The gradient is about the loss, and about changes.",
      },
    ],
  },
  {
    text: "A weight is 0.5, its gradient is −0.26, the learning rate is 0.1. What is the new weight?",
    answers: [
      { text: "0.474", reason: "That adds rate × gradient. The gradient points uphill; an update takes it away." },
      { text: "0.526", right: true, reason: "0.5 − 0.1 × (−0.26) = 0.5 + 0.026." },
      { text: "0.76", reason: "That forgets the learning rate: 0.5 − (−0.26)." },
    ],
  },
  {
    text: "Why does the backward pass begin at the loss, and not at the inputs?",
    answers: [
      {
        text: "Each layer’s gradient is made from that of the layer behind it, so all of them are found in one pass.",
        right: true,
        reason:
          "∂L/∂z of a layer is reused for every path that leads through it. From the front, each weight would need a pass of its own.",
      },
      {
        text: "The inputs are not known at that time.",
        reason: "They are: the gradient of a weight even contains what came in along it.",
      },
      {
        text: "It is a custom; the other direction costs the same.",
        reason:
          "The gradients are the same, the costs are not: with one loss and thousands of weights, only this direction needs a single pass.",
      },
    ],
  },
  {
    text: "A hidden unit leads to two outputs. What is ∂L/∂h?",
    answers: [
      {
        text: "The larger of what comes back along the two lines.",
        reason: "Both outputs change when h changes, and both changes count.",
      },
      {
        text: "The product of what comes back along the two lines.",
        reason: "Factors are multiplied along one path; different paths are added.",
      },
      {
        text: "The sum of what comes back along the two lines.",
        right: true,
        reason: "A small change of h reaches the loss along both paths, and small changes add up.",
      },
    ],
  },
  {
    text: "An input is 0. What is the gradient of the weights that begin at it?",
    answers: [
      {
        text: "0",
        right: true,
        reason: "The last factor, ∂z/∂w, is the input. Times 0 the weight has no say, so for this sample it stays.",
      },
      {
        text: "As large as that of the other weights.",
        reason: "The first two factors are the same, but the last one is the input: 0.",
      },
      { text: "It cannot be computed.", reason: "It can: nothing is divided by the input, it is a factor." },
    ],
  },
  {
    text: "The loss grows from update to update, without end. What helps first?",
    answers: [
      { text: "More updates.", reason: "Each makes it worse: every step lands higher on the other side." },
      {
        text: "A lower learning rate.",
        right: true,
        reason: "The steps jump across the lowest point. Shorter ones land nearer to it.",
      },
      {
        text: "More hidden units.",
        reason: "They change what the network can express. A rate that is too high is too high with them, too.",
      },
    ],
  },
  {
    text: "Why do ten layers of sigmoids learn so badly from small weights?",
    answers: [
      { text: "The sigmoid is slow to compute.", reason: "That costs time, but no learning." },
      { text: "Sigmoids cannot be differentiated.", reason: "They can: the slope is a (1 − a)." },
      {
        text: "At each layer the gradient is multiplied by at most 0.25 and by a small weight, so little arrives at the first layer.",
        right: true,
        reason:
          "0.25 to the tenth power is a millionth, and small weights make it smaller still: the gradient vanishes.",
      },
    ],
  },
  {
    text: "A network without a hidden layer does not learn exclusive or. Why?",
    answers: [
      {
        text: "It needs more updates.",
        reason: "At one half for everything the gradient is 0: no number of updates leads further.",
      },
      {
        text: "It draws one straight line, and no line parts these four points rightly.",
        right: true,
        reason: "A hidden layer draws several, and the output puts them together.",
      },
      {
        text: "Its learning rate is too low.",
        reason:
          "At whatever rate it settles, it ends at the same place: no line has a lower loss. At a rate far too high it does not settle at all.",
      },
    ],
  },
  {
    text: "What does momentum do in a narrow valley?",
    answers: [
      {
        text: "It adds up the small steps along the valley, which all point one way.",
        right: true,
        reason:
          "The gradients across it are large and soon gone; those along it are small, but they agree, and their sum grows.",
      },
      { text: "It makes the valley wider.", reason: "The loss stays what it is. The way through it changes." },
      {
        text: "It replaces the learning rate.",
        reason: "The rate still scales every step; momentum mixes in the steps before.",
      },
    ],
  },
  {
    text: "The training loss still falls, but the validation loss has been rising for a while. What does that mean?",
    answers: [
      { text: "The learning rate is too high.", reason: "Then the training loss would rise, or jump about, too." },
      {
        text: "The network begins to learn the noise of its training samples.",
        right: true,
        reason:
          "It gets better on what it sees and worse on everything else: overfitting. Stop, or hold the weights small.",
      },
      {
        text: "The validation samples are wrong.",
        reason: "They do what they are for: they show how the network does on what it has not seen.",
      },
    ],
  },
];
