// Written by `npm run types` from the server; do not edit.

/** What to make: no picture = txt2img, a picture = img2img, picture and mask = inpaint. */
export interface Request {
  prompt?: string;
  negative_prompt?: string;
  styles?: readonly string[];
  init_image?: string | null;
  mask?: string | null;
  model?: string | null;
  vae?: string | null;
  sampler?: string;
  schedule?: string;
  steps?: number;
  width?: number | null;
  height?: number | null;
  batch_size?: number;
  batch_count?: number;
  cfg_scale?: number;
  seed?: number;
  variation_seed?: number;
  variation_strength?: number;
  seed_resize?: [number, number] | null;
  denoising_strength?: number;
  exact_steps?: boolean;
  resize_mode?: 'just_resize' | 'crop_and_resize' | 'resize_and_fill' | 'latent_upscale';
  background?: string;
  tiling?: boolean;
  mask_blur?: [number, number];
  mask_mode?: 'inpaint_masked' | 'inpaint_not_masked';
  masked_content?: 'fill' | 'original' | 'latent_noise' | 'latent_nothing';
  inpaint_area?: 'whole_picture' | 'only_masked';
  only_masked_padding?: number;
  feather?: 'both' | 'inward';
  mask_round?: boolean;
  inpainting_mask_weight?: number;
  clip_skip?: number;
  emphasis?: 'original' | 'no_norm' | 'ignore' | 'none';
  clip_skip_on_sdxl?: boolean;
  eta?: number | null;
  s_churn?: number;
  s_tmin?: number;
  s_tmax?: number | null;
  s_noise?: number;
  sigma_min?: number | null;
  sigma_max?: number | null;
  rho?: number | null;
  beta_alpha?: number;
  beta_beta?: number;
  discard_penultimate_sigma?: boolean;
  sgm_noise_multiplier?: boolean;
  zero_terminal_snr?: boolean;
  downcast_alphas?: boolean;
  unipc_variant?: 'bh1' | 'bh2' | 'vary_coeff';
  unipc_spacing?: 'time_uniform' | 'time_quadratic' | 'logsnr';
  unipc_order?: number;
  unipc_lower_order_final?: boolean;
  noise_multiplier?: number;
  extra_noise?: number;
  noise_source?: 'cpu' | 'philox' | 'device';
  eta_noise_seed_delta?: number;
  skip_early_cond?: number;
  s_min_uncond?: number;
  s_min_uncond_all?: boolean;
  pad_cond_uncond?: boolean;
  color_correction?: boolean;
  profile?: string;
}

/** An error (RFC 9457); `detail` is the sentence that library and command line show. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  field?: string | null;
  value?: unknown;
  choices?: readonly string[] | null;
  request_id: string;
}
