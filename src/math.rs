//! Exponential and logarithm. In the page they are JavaScript's, which are there anyway; the standard library's would be
//! 0.8 kB of brotli in the engine.

/// e to the power of `x`.
pub fn exp(x: f64) -> f64 {
    #[cfg(all(target_arch = "wasm32", feature = "page"))]
    let power = js_sys::Math::exp(x);
    #[cfg(not(all(target_arch = "wasm32", feature = "page")))]
    let power = x.exp();
    power
}

/// The natural logarithm of `x`.
pub fn ln(x: f64) -> f64 {
    #[cfg(all(target_arch = "wasm32", feature = "page"))]
    let logarithm = js_sys::Math::log(x);
    #[cfg(not(all(target_arch = "wasm32", feature = "page")))]
    let logarithm = x.ln();
    logarithm
}
