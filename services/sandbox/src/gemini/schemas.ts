import { z } from 'zod';

const base64 = z.base64();
const Blob = z.strictObject({ mimeType: z.string().regex(/^\w+\/[\w.+-]+$/), data: base64 });
const FunctionCall = z.strictObject({
  id: z.string().optional(),
  name: z.string(),
  args: z.record(z.string(), z.unknown()).optional(),
});
const FunctionResponse = z.strictObject({
  id: z.string().optional(),
  name: z.string(),
  response: z.record(z.string(), z.unknown()),
  parts: z.array(z.strictObject({ inlineData: Blob })).optional(),
});

const DATA = ['text', 'inlineData', 'fileData', 'functionCall', 'functionResponse'] as const;

const Part = z
  .strictObject({
    text: z.string().min(1).optional(),
    inlineData: Blob.optional(),
    fileData: z.strictObject({ fileUri: z.url(), mimeType: z.string().optional() }).optional(),
    functionCall: FunctionCall.optional(),
    functionResponse: FunctionResponse.optional(),
    thought: z.boolean().optional(),
    thoughtSignature: z.string().optional(),
  })
  .refine(
    (part) => DATA.filter((field) => part[field] !== undefined).length === 1,
    'exactly one of the data fields must be set',
  );
export type Part = z.output<typeof Part>;

const Content = z.strictObject({ role: z.enum(['user', 'model']), parts: z.array(Part).min(1) });
export type Content = z.output<typeof Content>;

const Schema = z.record(z.string(), z.unknown());
const FunctionDeclaration = z.strictObject({
  name: z.string().regex(/^[a-zA-Z_][\w.:-]{0,127}$/),
  description: z.string().optional(),
  parametersJsonSchema: Schema.optional(),
});

const int32 = z.number().int().min(-2_147_483_648).max(2_147_483_647);
const GenerationConfig = z.strictObject({
  candidateCount: z.literal(1, 'this stand-in answers one candidate only').optional(),
  stopSequences: z.array(z.string().min(1)).max(5).optional(),
  maxOutputTokens: int32.positive().optional(),
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().min(0).max(1).optional(),
  topK: int32.optional(),
  seed: int32.optional(),
  presencePenalty: z.number().min(-2).lt(2).optional(),
  frequencyPenalty: z.number().min(-2).lt(2).optional(),
  responseMimeType: z.enum(['text/plain', 'application/json']).optional(),
  responseJsonSchema: Schema.optional(),
  thinkingConfig: z
    .strictObject({
      includeThoughts: z.boolean().optional(),
      thinkingBudget: int32.optional(),
      thinkingLevel: z.enum(['MINIMAL', 'LOW', 'MEDIUM', 'HIGH']).optional(),
    })
    .optional(),
});

/** https://ai.google.dev/api/generate-content#request-body: whatever else is sent is refused, as there. */
export const GenerateContentRequest = z.strictObject({
  contents: z.array(Content).min(1),
  systemInstruction: z.strictObject({ role: z.string().optional(), parts: z.array(Part).min(1) }).optional(),
  tools: z.array(z.strictObject({ functionDeclarations: z.array(FunctionDeclaration) })).optional(),
  toolConfig: z
    .strictObject({
      functionCallingConfig: z.strictObject({
        mode: z.enum(['AUTO', 'ANY', 'NONE', 'VALIDATED']),
        allowedFunctionNames: z.array(z.string()).optional(),
      }),
    })
    .optional(),
  generationConfig: GenerationConfig.optional(),
});
export type GenerateContentRequest = z.output<typeof GenerateContentRequest>;

/** https://ai.google.dev/api/embeddings#method:-models.batchembedcontents */
export const BatchEmbedRequest = z.strictObject({
  requests: z
    .array(
      z.strictObject({
        model: z.string().regex(/^models\//),
        content: z.strictObject({
          role: z.string().optional(),
          parts: z.array(z.strictObject({ text: z.string().min(1) })).min(1),
        }),
        outputDimensionality: z.number().int().min(1).max(3072).optional(),
      }),
    )
    .min(1)
    .max(100, 'at most 100 requests can be in one batch'),
});
