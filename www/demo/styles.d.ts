// esbuild gathers imported style sheets into main.css.
declare module "*.css";
