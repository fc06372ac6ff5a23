"""What the starter model is taught: an emoji each, with the names a person may call it by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Noun:
    emoji: str
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.names[0]


TABLE = """
🍎 red apple, apple
🍌 banana
🍕 pizza, slice of pizza
🍔 hamburger, burger
🍓 strawberry
🍉 watermelon
🍇 grapes
🍋 lemon
🍍 pineapple
🥕 carrot
🍩 doughnut, donut
🎂 birthday cake, cake
🍦 ice cream
🐱 cat face, cat
🐶 dog face, dog
🐼 panda face, panda
🦊 fox face, fox
🐸 frog face, frog
🦁 lion face, lion
🐷 pig face, pig
🐰 rabbit face, rabbit, bunny
🐧 penguin
🦉 owl
🐠 tropical fish, fish
🐙 octopus
🦋 butterfly
🐞 ladybug, lady beetle
🐢 turtle
🌻 sunflower
🌹 rose
🌳 tree
🎄 christmas tree
🍄 mushroom
🌵 cactus
⭐ star
🌞 sun
🌙 crescent moon, moon
🌈 rainbow
🔥 fire, flame
❤️ red heart, heart
🏠 house
🚀 rocket
🚗 red car, car
🚂 train, steam locomotive
⛵ sailboat, boat
🎈 red balloon, balloon
🎁 gift, present
⚽ soccer ball, football
🎃 pumpkin, jack o lantern
👻 ghost
🤖 robot face, robot
😀 smiling face, smiley
⛄ snowman
☂️ umbrella
"""

NOUNS = tuple(
    Noun(emoji, tuple(name.strip() for name in names.split(",")))
    for emoji, names in (line.split(" ", 1) for line in TABLE.strip().splitlines())
)
