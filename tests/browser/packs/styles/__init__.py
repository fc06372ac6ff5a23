"""Nodes whose scripts are written in the ways in which circulating packs are."""

WEB_DIRECTORY = "./web"
ANY_TEXT = ("STRING", {"forceInput": True})


class Whatever(dict):
    """Optional inputs of any name, which the page adds as links are made."""

    def __contains__(self, name):
        return True

    def __getitem__(self, name):
        return super().get(name, ANY_TEXT)


class Text:
    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"
    CATEGORY = "styles"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"text": ("STRING", {"default": "hello"})}}

    def run(self, text):
        return (text,)


class ShowText:
    RETURN_TYPES = ()
    FUNCTION = "run"
    CATEGORY = "styles"
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"text": ANY_TEXT}}

    def run(self, text):
        return {"ui": {"text": [text, text.upper()]}}


class Join:
    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"
    CATEGORY = "styles"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}, "optional": Whatever(text_1=ANY_TEXT)}

    def run(self, **texts):
        return ("+".join(texts[name] for name in sorted(texts)),)


class Swatch:
    """Its colour comes from a widget that the page brings."""

    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"
    CATEGORY = "styles"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"color": ("SWATCH", {"default": "#ff0000"}), "amount": ("INT", {"default": 3})}}

    def run(self, color, amount):
        return (f"{color} x{amount}",)


class Shape:
    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"
    CATEGORY = "styles"

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "kind": (["circle", "box"],),
                "radius": ("FLOAT", {"default": 1.0}),
                "width": ("INT", {"default": 4}),
            }
        }

    def run(self, kind, radius, width):
        return (f"{kind} {radius} {width}",)


NODE_CLASS_MAPPINGS = {f"Styles{one.__name__}": one for one in (Text, ShowText, Join, Swatch, Shape)}
